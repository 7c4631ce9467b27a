//! What the manifests tell a registry.

use super::findings::Verdict;
use super::manifest::Manifest;
use super::published::PUBLISHED;
use std::fmt::Write;
use toml::Value;

/// One key of the workspace holds the address of the repository.
pub fn repository(workspace: &Manifest) -> Verdict {
    match workspace.get(&["workspace", "package", "repository"]).and_then(Value::as_str) {
        Some(address) if address.starts_with("https://") => Verdict::Passed(address.to_owned()),
        Some("") | None => Verdict::failed(
            "it has no address yet: publish the repository, and set `repository` below [workspace.package] \
             in Cargo.toml. Without it crates.io shows the README without its relative links and its picture; \
             it follows them at github.com, gitlab.com and bitbucket.org alone",
        ),
        Some(other) => Verdict::failed(format!("`{other}` is no https address")),
    }
}

/// What each package says of itself.
pub fn complete(packages: &[Manifest]) -> Verdict {
    let faults = packages.iter().flat_map(incomplete).collect();
    Verdict::of(faults, "description, licence, documentation, repository and what docs.rs builds")
}

fn incomplete(package: &Manifest) -> Vec<String> {
    let name = package.key("name");
    let mut faults = Vec::new();
    let mut expect = |key: &str, right: bool| {
        if !right {
            faults.push(format!("{name}: `{key}` is missing or wrong"));
        }
    };
    for key in ["description", "license", "readme", "rust-version"] {
        expect(key, !package.key(key).is_empty());
    }
    expect("documentation", package.key("documentation") == format!("https://docs.rs/{name}"));
    let inherited = package.get(&["package", "repository", "workspace"]);
    expect("repository.workspace", inherited == Some(&Value::Boolean(true)));
    let built = |key| package.get(&["package", "metadata", "docs", "rs", key]);
    expect("metadata.docs.rs.all-features", built("all-features") == Some(&Value::Boolean(true)));
    let docsrs = Value::from(vec!["--cfg", "docsrs"]);
    expect("metadata.docs.rs.rustdoc-args", built("rustdoc-args") == Some(&docsrs));
    faults
}

/// A package requires the present version of another one: it has not been tried with an older one.
pub fn versions(packages: &[Manifest]) -> Verdict {
    let (mut faults, mut said) = (Vec::new(), String::new());
    for package in packages {
        let name = package.key("name");
        let _ = write!(said, "{}{name} {}", if said.is_empty() { "" } else { ", " }, package.key("version"));
        for (other, entry) in package.dependencies() {
            let Some(other) = packages.iter().find(|package| package.key("name") == other) else { continue };
            let asked = entry.get("version").and_then(Value::as_str).unwrap_or("no version");
            if asked != other.key("version") {
                let (other, version) = (other.key("name"), other.key("version"));
                faults.push(format!("{name} asks for {other} {asked}, but that is {version}"));
            }
        }
    }
    if packages.len() != PUBLISHED.len() {
        faults.push("a package is missing".into());
    }
    Verdict::of(faults, said)
}

#[cfg(test)]
mod tests {
    use super::super::findings::Verdict;
    use super::super::manifest::tests::of;
    use super::{incomplete, repository, versions};

    #[test]
    fn no_release_without_an_address() {
        let of = |line: &str| repository(&of(&format!("[workspace.package]\n{line}")));
        assert_eq!(
            of(r#"repository = "https://example.org/it""#),
            Verdict::Passed("https://example.org/it".into())
        );
        let says = |line, what| matches!(of(line), Verdict::Failed(faults) if faults[0].contains(what));
        for absent in ["", r#"repository = """#] {
            assert!(says(absent, "no address yet"), "{absent}");
        }
        assert!(says(r#"repository = "example.org/it""#, "no https address"));
    }

    #[test]
    fn a_version_that_is_behind_is_found() {
        let throttle = "[package]\nname = 'atomic-throttle'\nversion = '0.2.0'";
        let cluster = |asked: &str| {
            let package = "[package]\nname = 'atomic-throttle-cluster'\nversion = '0.1.0'";
            of(&format!("{package}\n[dependencies]\natomic-throttle = {{ {asked} }}"))
        };
        let of = |asked| versions(&[of(throttle), cluster(asked)]);
        assert_eq!(
            of("path = '..', version = '0.2.0'"),
            Verdict::Passed("atomic-throttle 0.2.0, atomic-throttle-cluster 0.1.0".into())
        );
        for wrong in ["path = '..', version = '0.1.0'", "path = '..'"] {
            assert!(matches!(of(wrong), Verdict::Failed(_)), "{wrong}");
        }
    }

    #[test]
    fn each_missing_key_is_named() {
        let all = "[package]\nname = 'it'\ndescription = 'd'\nlicense = 'MIT'\nreadme = 'R'\nrust-version = '1'\n\
                   documentation = 'https://docs.rs/it'\nrepository.workspace = true\n\
                   [package.metadata.docs.rs]\nall-features = true\nrustdoc-args = ['--cfg', 'docsrs']";
        assert!(incomplete(&of(all)).is_empty());
        for line in all.lines().skip(2).filter(|line| !line.starts_with('[')) {
            let without = all.replace(line, "");
            let key = line.split(" =").next().unwrap();
            assert!(matches!(&incomplete(&of(&without))[..], [fault] if fault.contains(key)), "{line}");
        }
    }
}
