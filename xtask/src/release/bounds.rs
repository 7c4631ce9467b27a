//! Checks that each package builds with the oldest versions that its manifest accepts.
//!
//! `-Z direct-minimal-versions` takes the oldest versions of a package's own dependencies, and the newest of
//! theirs: the package vouches for its own bounds only. `-Z minimal-versions` would test everybody's bounds,
//! and some dependencies of dependencies accept versions that they do not build with.
//!
//! The nightly only chooses the versions. The present cargo builds, because an old version need not build
//! with a nightly.

use super::copies::Copies;
use super::findings::Verdict;
use super::packed::Packed;
use super::tools::{Tools, run};

pub fn check(crates: &[Packed], tools: &Tools) -> Verdict {
    if let Some(skipped) = tools.without_nightly() {
        return skipped;
    }
    let copies = match Copies::new(crates) {
        Ok(copies) => copies,
        Err(why) => return Verdict::failed(why),
    };
    let (mut faults, mut builds) = (Vec::new(), 0);
    for packed in crates {
        match oldest(packed, &copies, tools) {
            Ok(built) => builds += built,
            Err(these) => faults.extend(these),
        }
    }
    Verdict::of(faults, format!("{builds} builds with the oldest versions of the direct dependencies"))
}

/// Builds a package with its default features, with all, with none and with each alone, and runs its own
/// tests: an old version may build and behave differently.
fn oldest(packed: &Packed, copies: &Copies, tools: &Tools) -> Result<usize, Vec<String>> {
    let (label, folder) = (&packed.label, copies.folder(packed));
    let choose = "generate-lockfile -Z direct-minimal-versions";
    let chosen = run(&tools.nightly(choose, &folder, &[]), &format!("{label}: cargo {choose}"));
    chosen.map_err(|why| vec![why])?;
    let tested = format!("test --lib {}", packed.published.tested);
    let mut builds = vec![(String::new(), tested)];
    builds.extend(choices(&packed.manifest.features()).map(|features| (String::new(), checked(&features))));
    for explored in packed.published.explored {
        let flags: Vec<_> = explored.cfgs.iter().map(|cfg| format!("--cfg {cfg}")).collect();
        builds.push((flags.join(" "), checked(explored.features)));
    }
    let build = |(flags, arguments): &(String, String)| {
        let command = tools.cargo(&format!("{arguments} --locked"), &folder, &[("RUSTFLAGS", flags)]);
        run(&command, &format!("{label}: cargo {arguments} {flags}")).err()
    };
    let faults: Vec<_> = builds.iter().filter_map(build).collect();
    if faults.is_empty() { Ok(builds.len()) } else { Err(faults) }
}

fn checked(features: &str) -> String {
    format!("check --lib {features}")
}

/// The default features, all features, none, and each alone.
fn choices(features: &[&str]) -> impl Iterator<Item = String> {
    let alone = features.iter().map(|feature| format!("--no-default-features --features {feature}"));
    ["", "--all-features", "--no-default-features"].map(str::to_owned).into_iter().chain(alone)
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_feature_is_tried_alone() {
        let choices: Vec<_> = super::choices(&["one", "two"]).collect();
        let alone = "--no-default-features --features";
        assert_eq!(
            choices,
            ["", "--all-features", "--no-default-features", &format!("{alone} one"), &format!("{alone} two")]
        );
    }
}
