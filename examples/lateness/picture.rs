//! The share of runs that have started by a time after their deadline, on a logarithmic scale.

use crate::Row;
use plotters::prelude::*;
use std::time::Duration;

// The palette of Okabe and Ito: colour-blind readers can tell its colours apart.
const COLOURS: [RGBColor; 6] = [
    RGBColor(150, 150, 150),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(86, 180, 233),
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
];

/// Nanoseconds as microseconds.
#[allow(clippy::cast_precision_loss, reason = "only shown")]
pub fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1000.0
}

/// Draws all rows, as SVG.
pub fn draw(rows: &[Row], threshold: Duration) -> Result<String, String> {
    let mut svg = String::new();
    plot(rows, threshold, &mut svg).map_err(|error| format!("cannot draw: {error}"))?;
    Ok(svg)
}

fn plot(rows: &[Row], threshold: Duration, svg: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(svg, (900, 420)).into_drawing_area();
    area.fill(&WHITE)?;
    let title = format!("Deferred runs, window {}", humantime::format_duration(threshold));
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 20))
        .margin(16)
        .margin_right(40)
        .x_label_area_size(44)
        .y_label_area_size(56)
        .build_cartesian_2d((1.0..10_000.0_f64).log_scale(), 0.0..100.0_f64)?;
    chart
        .configure_mesh()
        .x_desc("microseconds past the deadline")
        .x_label_formatter(&|micros| format!("{micros}"))
        .y_label_formatter(&|share| format!("{share}"))
        .y_desc("% started")
        .light_line_style(WHITE)
        .draw()?;
    for (row, colour) in rows.iter().zip(COLOURS) {
        let points = (0..=1000_u32).map(|permille| {
            let share = f64::from(permille) / 10.0;
            (micros(row.lateness.value_at_percentile(share)).clamp(1.0, 10_000.0), share)
        });
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)))?
            .label(row.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.8))
        .draw()?;
    area.present()?;
    Ok(())
}
