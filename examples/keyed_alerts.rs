//! At most one alert for each client in a window, however many malformed requests it sends. The alert says how many
//! they were. The last requests of a client that falls silent are reported too, and no thread that serves requests
//! ever waits.

use atomic_throttle::{Count, KeyedThrottled, Pending};
use main_error::MainResult;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

const ALERT_EVERY: Duration = Duration::from_millis(250);
const TRAFFIC: Duration = Duration::from_millis(1200);
const SERVERS: u32 = 4;

type Counts = BTreeMap<String, u64>;

/// Clients that send less and less often: the first one storms.
fn client_of(request: u32) -> String {
    format!("10.0.0.{}", 1 + request.trailing_zeros().min(5))
}

/// Serves requests on one thread until the traffic ends. Returns how many malformed ones each client sent.
fn serve(alert: &KeyedThrottled<String, Count>, server: u32, began: Instant) -> Counts {
    let mut sent = Counts::new();
    for request in (server..).step_by(SERVERS as usize) {
        let client = client_of(request);
        if alert.trigger(client.as_str()).is_ok() {
            *sent.entry(client).or_default() += 1;
        }
        if began.elapsed() > TRAFFIC {
            break;
        }
        thread::sleep(Duration::from_micros(50));
    }
    sent
}

/// What the alerts have reported.
#[derive(Default)]
struct Reported {
    counts: Mutex<Counts>,
    /// The thread of the throttle writes the alerts, so the error waits here for `main`.
    failed: OnceLock<io::Error>,
}

fn main() -> MainResult {
    let began = Instant::now();
    let reported = Arc::new(Reported::default());
    let in_alerts = Arc::clone(&reported);
    let alert = KeyedThrottled::<String>::builder(ALERT_EVERY).counting().spawn(move |client, calls| {
        let at = began.elapsed().as_millis();
        let written = match calls - 1 {
            0 => writeln!(io::stdout(), "{at:>5} ms  {client}: a malformed request"),
            more => writeln!(io::stdout(), "{at:>5} ms  {client}: a malformed request, and {more} more"),
        };
        if let Err(error) = written {
            in_alerts.failed.get_or_init(|| error);
        }
        if let Ok(mut counts) = in_alerts.counts.lock() {
            *counts.entry(client.clone()).or_default() += calls;
        }
    })?;

    let mut sent = Counts::new();
    thread::scope(|scope| {
        let servers: Vec<_> = (0..SERVERS)
            .map(|server| {
                let alert = &alert;
                scope.spawn(move || serve(alert, server, began))
            })
            .collect();
        for served in servers.into_iter().filter_map(|server| server.join().ok()) {
            for (client, requests) in served {
                *sent.entry(client).or_default() += requests;
            }
        }
    });
    let (at, pending) = (began.elapsed().as_millis(), alert.pending());
    writeln!(io::stdout(), "{at:>5} ms  silence; {pending} alerts are pending")?;

    // Each runs at the end of its window; nobody has to call again.
    alert.shutdown(Pending::Finish).wait()?;
    if let Some(error) = reported.failed.get() {
        return Err(format!("cannot write an alert: {error}").into());
    }
    writeln!(io::stdout(), "{} alerts for {} requests", alert.runs(), sent.values().sum::<u64>())?;
    let counts = reported.counts.lock().map(|counts| counts.clone()).unwrap_or_default();
    if counts != sent {
        return Err(format!("reported {counts:?}, but these were sent: {sent:?}").into());
    }
    Ok(())
}
