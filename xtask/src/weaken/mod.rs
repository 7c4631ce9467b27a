//! Shows that each memory ordering and each fence of the library is needed: weakens them one at a time in a
//! copy of the repository, and looks for a model in which that breaks an execution.
//!
//! It shows that a model watches each of them, and that none is stronger than the models need. It cannot show
//! that they are strong enough: the models are for that. It does not know more about memory than loom.

pub mod copy;
mod instrument;
mod judge;
mod models;
mod reply;
mod sites;
// Also the source of a crate that calls all of it.
#[allow(dead_code)]
mod switch;
mod table;
mod tokens;
mod weaker;

use crate::lock::alone;
use crate::print::print;
use crate::workers::each;
use copy::Tree;
use evidence::{Check, Line};
use instrument::SWITCH;
use judge::Judgement;
use sites::Site;
use std::path::{Path, PathBuf};
use table::{Row, table};

/// A site, and the file that it is in.
struct Found {
    file: String,
    site: Site,
}

/// Weakens every site in every way.
pub fn weaken(root: &Path) -> Result<(), String> {
    alone(root, "weaken", || weaken_alone(root))
}

fn weaken_alone(root: &Path) -> Result<(), String> {
    let check =
        Check::of("G2 G3 G5", "weaken: every ordering and fence, one at a time, is needed by a model");
    // The copy lies in the checkout, even if builds go elsewhere: another checkout must not find it.
    let folder = root.join("target/weaken");
    let found = write_copy(root, &folder)?;
    let models = models::build(&folder.join("copy/loom-tests"), &folder.join("build"))?;
    let controls: Vec<_> =
        each(&models, |model| judge::control(&models::run, model))?.into_iter().flatten().collect();
    print(format_args!("{} of {} tests are models that can be asked", controls.len(), models.len()))?;

    let mut jobs = Vec::new();
    for (number, Found { file, site }) in found.iter().enumerate() {
        jobs.extend(site.weaker.iter().map(|weaker| (number, file, site, *weaker)));
    }
    let mut rows = each(&jobs, |(number, file, site, weaker)| {
        let judgement = judge::judge(&models::run, *number, *weaker, &controls)?;
        Ok(Row { file: (*file).clone(), site: (*site).clone(), weakened: Some((*weaker, judgement)) })
    })?;
    let weakest = found.into_iter().filter(|found| found.site.weaker.is_empty());
    rows.extend(weakest.map(|Found { file, site }| Row { file, site, weakened: None }));
    print(table(&rows))?;

    let killed = killed(&rows)?;
    let count = killed.len();
    for (fault, how) in killed {
        print(Line::Caught { fault, how })?;
    }
    print(check.line(count, "weakened sites"))
}

/// What was weakened and killed, and how; `Err` names what was not killed.
fn killed(rows: &[Row]) -> Result<Vec<(String, String)>, String> {
    let (mut killed, mut others) = (Vec::new(), Vec::new());
    for row in rows {
        match &row.weakened {
            None => {}
            Some((_, Judgement::Killed { model, time, .. })) => {
                killed.push((row.fault(), format!("loom {model}, in {:.2} s", time.as_secs_f64())));
            }
            Some(_) => others.push(row.fault()),
        }
    }
    if others.is_empty() {
        Ok(killed)
    } else {
        Err(format!("not shown to be needed:\n{}", others.join("\n")))
    }
}

/// Writes the copy, with a switch at each site, and the crate of the switch beside it.
fn write_copy(root: &Path, folder: &Path) -> Result<Vec<Found>, String> {
    let mut tree = copy::read(root)?;
    let found = switch_sites(&mut tree)?;
    mark_models(&mut tree)?;
    for (manifest, up) in [("Cargo.toml", ".."), ("loom-tests/Cargo.toml", "../..")] {
        let content = tree.get_mut(Path::new(manifest)).ok_or_else(|| format!("{manifest} is missing"))?;
        content.extend(format!("\n[dependencies.{SWITCH}]\npath = \"{up}/switch\"\n").bytes());
    }
    copy::write(&folder.join("copy"), &tree)?;
    copy::write(&folder.join("switch"), &switch_crate())?;
    Ok(found)
}

/// Puts a switch at each site of the library, and numbers the sites in the order of the result.
fn switch_sites(tree: &mut Tree) -> Result<Vec<Found>, String> {
    let mut found = Vec::new();
    for (file, text, content) in sources(tree, "src") {
        let failed = |why: String| format!("{file}: {why}");
        let sites = sites::find(&text).map_err(failed)?;
        let numbered: Vec<_> = (found.len()..).zip(sites).collect();
        *content = instrument::sites(&text, &numbered).map_err(failed)?.into_bytes();
        found.extend(numbered.into_iter().map(|(_, site)| Found { file: file.clone(), site }));
    }
    Ok(found)
}

/// Marks the begin and the end of each model.
fn mark_models(tree: &mut Tree) -> Result<(), String> {
    let mut marked = 0;
    for (file, text, content) in sources(tree, "loom-tests/src") {
        if let Some(text) = instrument::explore(&text).map_err(|why| format!("{file}: {why}"))? {
            *content = text.into_bytes();
            marked += 1;
        }
    }
    if marked == 1 {
        Ok(())
    } else {
        Err(format!("loom-tests/src has {marked} functions `explore`, not one"))
    }
}

/// The Rust files below a folder: name, text, and the content to change.
fn sources<'t>(
    tree: &'t mut Tree,
    folder: &'t str,
) -> impl Iterator<Item = (String, String, &'t mut Vec<u8>)> {
    let is_source =
        move |path: &Path| path.starts_with(folder) && path.extension().is_some_and(|it| it == "rs");
    tree.iter_mut().filter(move |(path, _)| is_source(path)).map(|(path, content)| {
        (path.display().to_string(), String::from_utf8_lossy(content).into_owned(), content)
    })
}

fn switch_crate() -> Tree {
    let manifest =
        format!("[package]\nname = \"{SWITCH}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n");
    Tree::from([
        (PathBuf::from("Cargo.toml"), manifest.into_bytes()),
        (PathBuf::from("src/lib.rs"), include_str!("switch.rs").into()),
    ])
}

#[cfg(test)]
mod tests;
