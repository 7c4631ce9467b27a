//! What both packages bring along, with all their features, on all systems: that its licences are accepted, that no
//! crate comes in two versions unless there is a reason, and that all of it is from the public registry.
//!
//! `deny.toml` has the lists, and `cargo deny` reads the same ones. Here no network is needed, and nothing is
//! installed; advisories are what only `cargo deny` looks for.

use super::findings::Verdict;
use super::manifest::Manifest;
use super::published::PUBLISHED;
use super::tools::{Tools, run};
use spdx::{Expression, Licensee, ParseMode};
use std::collections::BTreeMap;
use std::path::Path;
use toml::Value;

/// One crate in one version.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Dependency {
    name: String,
    version: String,
    /// Empty if it is from the public registry.
    source: String,
    licence: String,
}

pub fn check(tools: &Tools) -> Verdict {
    let packages = PUBLISHED.each_ref().map(|package| format!("-p {}", package.name)).join(" ");
    let arguments = format!(
        "tree --locked {packages} --all-features --edges normal,build --target all --prefix none --no-dedupe \
         --format {{p}}|{{l}}"
    );
    let listed = run(&tools.cargo(&arguments, tools.root, &[]), &format!("cargo {arguments}"));
    let judged = listed.and_then(|lines| {
        let mut all: Vec<_> = lines.iter().filter_map(|line| dependency(line, tools.root)).collect();
        all.sort_unstable();
        all.dedup();
        let accepted = Accepted::read(&Manifest::read(&tools.root.join("deny.toml"))?)?;
        Ok((accepted.faults(&all), all.len()))
    });
    match judged {
        Ok((_, 0)) => Verdict::failed("cargo lists no dependency"),
        Ok((faults, number)) => {
            Verdict::of(faults, format!("licences, versions and sources of {number} crates"))
        }
        Err(why) => Verdict::failed(why),
    }
}

/// Reads a line `NAME vVERSION (proc-macro) (SOURCE)|LICENCE`. A package of this repository is none.
fn dependency(line: &str, root: &Path) -> Option<Dependency> {
    let (package, licence) = line.rsplit_once('|')?;
    let (name, rest) = package.split_once(" v")?;
    let (version, source) = rest.split_once(' ').unwrap_or((rest, ""));
    let source = source.replace("(proc-macro)", "").trim().to_owned();
    let here = format!("({}", root.display());
    let of = |text: &str| text.to_owned();
    (!source.starts_with(&here)).then(|| Dependency {
        name: of(name),
        version: of(version),
        source,
        licence: of(licence),
    })
}

/// What `deny.toml` accepts.
struct Accepted {
    licences: Vec<Licensee>,
    /// The beginnings `NAME@VERSION` of those that may stand beside another version.
    beside: Vec<String>,
}

impl Accepted {
    fn read(deny: &Manifest) -> Result<Self, String> {
        let list = |keys: &[&str]| {
            let list = deny.get(keys).and_then(Value::as_array);
            list.ok_or_else(|| format!("deny.toml: there is no list {}", keys.join(".")))
        };
        let licence = |entry: &Value| {
            let name = entry.as_str().unwrap_or_default();
            Licensee::parse(name).map_err(|why| format!("deny.toml: {why}"))
        };
        let version = |entry: &Value| {
            let name = entry.get("crate").and_then(Value::as_str).filter(|name| name.contains('@'));
            let is_said =
                entry.get("reason").and_then(Value::as_str).is_some_and(|reason| !reason.is_empty());
            match name {
                Some(name) if is_said => Ok(name.to_owned()),
                _ => Err(format!("deny.toml: `{entry}` needs a crate with a version, and a reason")),
            }
        };
        Ok(Self {
            licences: list(&["licenses", "allow"])?.iter().map(licence).collect::<Result<_, _>>()?,
            beside: list(&["bans", "skip"])?.iter().map(version).collect::<Result<_, _>>()?,
        })
    }

    fn faults(&self, all: &[Dependency]) -> Vec<String> {
        let licences = all.iter().filter_map(|dependency| self.licence_fault(dependency));
        let sources = all.iter().filter(|dependency| !dependency.source.is_empty()).map(|dependency| {
            format!("{} is not from the public registry: {}", label(dependency), dependency.source)
        });
        licences.chain(sources).chain(self.version_faults(all)).collect()
    }

    fn licence_fault(&self, dependency: &Dependency) -> Option<String> {
        let (label, licence) = (label(dependency), &dependency.licence);
        let Ok(expression) = Expression::parse_mode(licence, ParseMode::LAX) else {
            return Some(format!("{label}: what licence is `{licence}`?"));
        };
        let is_accepted = expression.evaluate(|asked| self.licences.iter().any(|one| one.satisfies(asked)));
        (!is_accepted).then(|| format!("{label}: `{licence}` is not accepted"))
    }

    fn version_faults(&self, all: &[Dependency]) -> Vec<String> {
        let mut versions = BTreeMap::<&str, Vec<&Dependency>>::new();
        for dependency in all {
            versions.entry(&dependency.name).or_default().push(dependency);
        }
        versions.retain(|_, these| these.len() > 1);
        let is_listed = |one: &&Dependency| self.beside.iter().any(|listed| is_of(one, listed));
        let twice = versions.values().filter_map(|these| {
            let rest: Vec<_> = these.iter().filter(|one| !is_listed(one)).map(|one| label(one)).collect();
            (rest.len() > 1).then(|| format!("in several versions: {}", rest.join(", ")))
        });
        let is_needed = |listed: &&String| versions.values().flatten().any(|one| is_of(one, listed));
        let unneeded = self.beside.iter().filter(|listed| !is_needed(listed));
        twice
            .chain(unneeded.map(|listed| format!("deny.toml: {listed} stands beside no other version")))
            .collect()
    }
}

/// Whether it is of this name and version, or of a version that begins with this one.
fn is_of(dependency: &Dependency, listed: &str) -> bool {
    let rest = label(dependency).strip_prefix(listed).map(str::to_owned);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn label(dependency: &Dependency) -> String {
    format!("{}@{}", dependency.name, dependency.version)
}

#[cfg(test)]
mod tests {
    use super::super::manifest::tests::of;
    use super::{Accepted, Dependency, dependency};
    use std::path::Path;

    fn read(line: &str) -> Dependency {
        dependency(line, Path::new("/here")).expect("a dependency")
    }

    fn accepted() -> Accepted {
        let deny = "[licenses]\nallow = ['MIT', 'Apache-2.0 WITH LLVM-exception']\n\
                    [bans]\nskip = [{ crate = 'twice@1', reason = 'it is old' }]";
        Accepted::read(&of(deny)).expect("it is right")
    }

    /// The faults of these lines, beside the two versions that are accepted.
    fn faults(lines: &[&str]) -> Vec<String> {
        let all: Vec<_> =
            ["twice v1.2.0|MIT", "twice v10.0.0|MIT"].iter().chain(lines).map(|line| read(line)).collect();
        accepted().faults(&all)
    }

    #[test]
    fn lines_are_read() {
        let it = read("it v1.0.0 (proc-macro)|MIT OR Zlib");
        let parts = [&it.name, &it.version, &it.source, &it.licence];
        assert_eq!(parts, ["it", "1.0.0", "", "MIT OR Zlib"]);
        assert_eq!(read("it v1.0.0 (https://example.org/it#1)|MIT").source, "(https://example.org/it#1)");
        for own in ["it v1.0.0 (/here/it)|MIT", "it v1.0.0 (proc-macro) (/here/it)|MIT", ""] {
            assert_eq!(dependency(own, Path::new("/here")), None, "{own}");
        }
    }

    #[test]
    fn a_licence_that_is_not_accepted_is_found() {
        for right in ["MIT", "MIT OR GPL-3.0-only", "GPL-3.0-only/MIT", "Apache-2.0 WITH LLVM-exception"] {
            assert_eq!(faults(&[&format!("it v1.0.0|{right}")]), [""; 0], "{right}");
        }
        for wrong in ["GPL-3.0-only", "MIT AND GPL-3.0-only", "Apache-2.0", "no licence", ""] {
            assert!(
                matches!(&faults(&[&format!("it v1.0.0|{wrong}")])[..], [fault] if fault.starts_with("it@1.0.0: "))
            );
        }
    }

    #[test]
    fn a_second_version_is_found() {
        assert_eq!(faults(&["it v1.0.0|MIT", "it v2.0.0|MIT"]), ["in several versions: it@1.0.0, it@2.0.0"]);
        let third = faults(&["twice v2.0.0|MIT"]);
        assert_eq!(third, ["in several versions: twice@10.0.0, twice@2.0.0"]);
    }

    #[test]
    fn a_reason_that_no_longer_holds_is_found() {
        let faults = accepted().faults(&[read("twice v1.2.0|MIT")]);
        assert_eq!(faults, ["deny.toml: twice@1 stands beside no other version"]);
        let without_reason = "[licenses]\nallow = []\n[bans]\nskip = [{ crate = 'twice@1' }]";
        assert!(Accepted::read(&of(without_reason)).is_err());
    }

    #[test]
    fn another_source_is_found() {
        let faults = faults(&["it v1.0.0 (https://example.org/it#1)|MIT"]);
        assert_eq!(faults, ["it@1.0.0 is not from the public registry: (https://example.org/it#1)"]);
    }
}
