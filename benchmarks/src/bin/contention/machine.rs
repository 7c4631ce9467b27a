//! Where it was measured: figures of two machines are not compared.

use std::fs;
use std::time::SystemTime;

pub struct Machine {
    pub processor: String,
    /// Those that this program may use.
    pub cores: usize,
    pub system: String,
    pub compiler: &'static str,
    pub date: String,
    /// Over the last minute, before anything was measured.
    pub load: Option<f64>,
}

impl Machine {
    pub fn here(cores: usize) -> Self {
        let kernel = read("/proc/sys/kernel/osrelease").map(|release| format!(", {}", release.trim()));
        let distribution = read("/etc/os-release").and_then(|text| distribution(&text));
        Self {
            processor: read("/proc/cpuinfo")
                .and_then(|text| processor(&text))
                .unwrap_or_else(|| "unknown".to_owned())
                + ", "
                + std::env::consts::ARCH,
            cores,
            system: distribution.unwrap_or_else(|| std::env::consts::OS.to_owned())
                + &kernel.unwrap_or_default(),
            compiler: env!("BENCHMARKS_RUSTC"),
            date: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            load: read("/proc/loadavg").and_then(|text| load(&text)),
        }
    }

    /// What to say of others that used the machine, if they may have disturbed the figures.
    #[allow(clippy::cast_precision_loss, reason = "so many cores are not built")]
    pub fn warning(&self) -> Option<String> {
        let load = self.load.filter(|load| *load > 0.25 * self.cores as f64)?;
        Some(format!(
            "The load average was {load:.2} before anything was measured: the machine was not quiet, and \
             the figures may be noise. (Building this program counts, too: start it once more.)"
        ))
    }

    /// Each with its name.
    pub fn lines(&self) -> [(&'static str, String); 6] {
        [
            ("processor", self.processor.clone()),
            ("cores", self.cores.to_string()),
            ("system", self.system.clone()),
            ("compiler", self.compiler.to_owned()),
            ("date", self.date.clone()),
            ("load average", self.load.map_or_else(|| "unknown".to_owned(), |load| format!("{load:.2}"))),
        ]
    }
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// The model of the first processor in `/proc/cpuinfo`.
fn processor(text: &str) -> Option<String> {
    let of = |name: &str| {
        let values = text.lines().filter_map(|line| line.split_once(':'));
        values.filter(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned()).next()
    };
    // Where the model is hidden, as on some virtual machines, its numbers are not.
    let numbers =
        || Some(format!("{} family {} model {}", of("vendor_id")?, of("cpu family")?, of("model")?));
    of("model name").filter(|name| name != "unknown").or_else(numbers)
}

/// The name of the system in `/etc/os-release`.
fn distribution(text: &str) -> Option<String> {
    text.lines().find_map(|line| Some(line.strip_prefix("PRETTY_NAME=")?.trim_matches('"').to_owned()))
}

/// The average over one minute in `/proc/loadavg`.
fn load(text: &str) -> Option<f64> {
    text.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_says_is_read() {
        let known =
            "processor\t: 0\nvendor_id\t: V\nmodel\t\t: 17\nmodel name\t: Fast CPU\nmodel name\t: B\n";
        assert_eq!(processor(known).unwrap(), "Fast CPU");
        let hidden = "vendor_id\t: V\ncpu family\t: 25\nmodel\t\t: 17\nmodel name\t: unknown\n";
        assert_eq!(processor(hidden).unwrap(), "V family 25 model 17");
        assert_eq!(distribution("NAME=D\nPRETTY_NAME=\"D 13\"\n").unwrap(), "D 13");
        assert_eq!(load("0.50 0.42 0.95 1/85 5001\n"), Some(0.5));
        assert_eq!((processor(""), distribution(""), load("")), (None, None, None));
    }

    #[test]
    fn a_machine_that_is_not_quiet_is_warned_of() {
        let with = |load| Machine { load, ..Machine::here(4) }.warning();
        assert_eq!((with(None), with(Some(0.9))), (None, None));
        assert!(with(Some(1.1)).unwrap().contains("1.10"));
    }
}
