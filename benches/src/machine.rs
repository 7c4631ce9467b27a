//! The machine on which figures were measured: without it they mean nothing.

use std::fmt;
use std::thread::available_parallelism;
use std::time::SystemTime;
use sysinfo::{CpuRefreshKind, RefreshKind, System};

/// What a reader must know about a machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    pub cpu: String,
    /// How many threads this process may run at the same time.
    pub cores: usize,
    pub system: String,
    pub architecture: &'static str,
    /// The compiler that built the program.
    pub rustc: String,
    pub date: String,
    /// How many threads wanted to run, over the last minute; 0 if that is unknown.
    pub load: f64,
}

impl Machine {
    /// The machine that this program runs on.
    pub fn here() -> Self {
        let cpus = RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing());
        let system = System::new_with_specifics(cpus);
        let brand = system.cpus().first().map_or("", |cpu| cpu.brand()).trim();
        Self {
            cpu: if brand.is_empty() { "unknown processor" } else { brand }.to_owned(),
            cores: cores(),
            system: [System::long_os_version(), System::kernel_version()]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(", kernel "),
            architecture: std::env::consts::ARCH,
            rustc: rustc_version_runtime::version().to_string(),
            date: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            load: System::load_average().one,
        }
    }

    /// A warning about other users of the machine, if they may have disturbed the figures.
    #[allow(clippy::cast_precision_loss, reason = "so many cores are not built")]
    pub fn warning(&self) -> Option<String> {
        (self.load > 0.25 * self.cores as f64).then(|| {
            format!(
                "The load average was {:.2} before anything was measured: the machine was not quiet, and the \
                 figures may be noise. (Building this program counts, too: start it once more.)",
                self.load
            )
        })
    }

    /// Each fact with its name.
    pub fn lines(&self) -> [(&'static str, String); 6] {
        [
            ("processor", format!("{}, {}", self.cpu, self.architecture)),
            ("cores", self.cores.to_string()),
            ("system", self.system.clone()),
            ("compiler", format!("rustc {}", self.rustc)),
            ("date", self.date.clone()),
            ("load average", format!("{:.2}", self.load)),
        ]
    }
}

/// How many threads this process may run at a time; 1 if that is unknown.
pub fn cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cpu, cores, system, architecture, rustc, .. } = self;
        let plural = if *cores == 1 { "" } else { "s" };
        write!(f, "{cpu}, {cores} core{plural}, {architecture}, {system}, rustc {rustc}")
    }
}

#[cfg(test)]
mod tests {
    use super::Machine;

    #[test]
    fn a_machine_is_described_in_a_line() {
        let mut machine = Machine {
            cpu: "Some CPU".to_owned(),
            cores: 2,
            system: "Linux 12".to_owned(),
            architecture: "x86_64",
            rustc: "1.85.0".to_owned(),
            date: "today".to_owned(),
            load: 0.0,
        };
        assert_eq!(machine.to_string(), "Some CPU, 2 cores, x86_64, Linux 12, rustc 1.85.0");
        machine.cores = 1;
        assert!(machine.to_string().contains("1 core,"));
    }

    #[test]
    fn a_machine_that_is_not_quiet_is_warned_of() {
        let with = |load| Machine { load, cores: 4, ..Machine::here() }.warning();
        assert_eq!((with(0.0), with(0.9)), (None, None));
        assert!(with(1.1).is_some_and(|warning| warning.contains("1.10")));
    }

    #[test]
    fn this_machine_says_what_it_is() {
        let here = Machine::here();
        assert!(here.cores >= 1 && !here.cpu.is_empty());
        assert!(here.rustc.starts_with("1."), "{}", here.rustc);
        assert!(here.lines().iter().all(|(name, value)| !name.is_empty() && !value.is_empty()));
    }
}
