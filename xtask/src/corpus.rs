//! The inputs of a target as a folder of single files, `DIR/TARGET`. A fuzzer needs this form, and it lets a
//! person look at one input.

use crate::print::print;
use fuzz_corpus::Inputs;
use std::fmt::Display;
use std::fs;
use std::io;
use std::path::Path;

/// Writes the inputs of each target into a folder of its own below `folder`.
///
/// # Errors
///
/// If one of these folders has files already. Then none is written.
pub fn unpack(root: &Path, folder: &Path, targets: &[String]) -> io::Result<()> {
    for target in targets {
        let of_target = folder.join(target);
        if !gather(&of_target)?.is_empty() {
            let taken = format!("{} has files already: name a new folder", of_target.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, taken));
        }
    }
    let packed = targets.iter().map(|target| packed(root, target)).collect::<io::Result<Vec<_>>>()?;
    for (target, inputs) in targets.iter().zip(packed) {
        let of_target = folder.join(target);
        spread(&inputs, &of_target)?;
        say(format_args!("{}: {} inputs", of_target.display(), inputs.len()))?;
    }
    say("to run one of them: cargo fuzz run -s none TARGET FILE")
}

/// Makes the files of each target's folder below `folder` the inputs of that target.
///
/// # Errors
///
/// If one of these folders has no files. Then nothing is packed.
pub fn pack(root: &Path, folder: &Path, targets: &[String]) -> io::Result<()> {
    let gathered = targets.iter().map(|target| gather_some(&folder.join(target)));
    let gathered = gathered.collect::<io::Result<Vec<_>>>()?;
    for (target, inputs) in targets.iter().zip(gathered) {
        let file = fuzz_corpus::file(root, target);
        fuzz_corpus::write(&file, &inputs)?;
        say(format_args!("{}: {} inputs", file.display(), inputs.len()))?;
    }
    Ok(())
}

fn say(line: impl Display) -> io::Result<()> {
    print(line).map_err(io::Error::other)
}

/// The packed inputs of a target. A new target has none.
pub fn packed(root: &Path, target: &str) -> io::Result<Inputs> {
    match fuzz_corpus::read(&fuzz_corpus::file(root, target)) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(Inputs::new()),
        read => read,
    }
}

/// Writes each input into a file that is named by its place. Other files in the folder stay.
pub fn spread(inputs: &Inputs, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder).map_err(|why| at(folder, &why))?;
    for (place, input) in inputs.iter().enumerate() {
        let path = folder.join(format!("{place:04}"));
        fs::write(&path, input).map_err(|why| at(&path, &why))?;
    }
    Ok(())
}

/// The content of all files in a folder. There is none where there is no folder.
pub fn gather(folder: &Path) -> io::Result<Inputs> {
    let entries = match fs::read_dir(folder) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Inputs::new()),
        entries => entries.map_err(|why| at(folder, &why))?,
    };
    let read = |entry: io::Result<fs::DirEntry>| {
        let path = entry.map_err(|why| at(folder, &why))?.path();
        fs::read(&path).map_err(|why| at(&path, &why))
    };
    entries.map(read).collect()
}

/// As `gather`, but a folder without files is an error: packing it would replace a whole corpus with nothing.
pub fn gather_some(folder: &Path) -> io::Result<Inputs> {
    let inputs = gather(folder)?;
    if inputs.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("{} has no files", folder.display())));
    }
    Ok(inputs)
}

/// The error, with the path that it is about.
pub fn at(path: &Path, why: &io::Error) -> io::Error {
    io::Error::new(why.kind(), format!("{}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use tempfile::TempDir;

    /// A repository with a corpus of two inputs for the target `a`.
    fn root() -> TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("fuzz/corpus")).unwrap();
        fuzz_corpus::write(&fuzz_corpus::file(root.path(), "a"), &two()).unwrap();
        root
    }

    fn two() -> Inputs {
        Inputs::from([b"".to_vec(), b"x".to_vec()])
    }

    fn names(of: &[&str]) -> Vec<String> {
        of.iter().map(|&name| name.to_owned()).collect()
    }

    fn listed(folder: &Path) -> Vec<PathBuf> {
        let mut found: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        found.sort();
        found
    }

    #[test]
    fn what_is_unpacked_can_be_looked_at_changed_and_packed() {
        let root = root();
        let folder = root.path().join("look");
        unpack(root.path(), &folder, &names(&["a", "new"])).unwrap();
        assert_eq!(listed(&folder.join("a")), ["0000", "0001"].map(|name| folder.join("a").join(name)));
        assert_eq!(fs::read(folder.join("a/0001")).unwrap(), b"x");
        assert!(listed(&folder.join("new")).is_empty());

        let before = fs::read(fuzz_corpus::file(root.path(), "a")).unwrap();
        pack(root.path(), &folder, &names(&["a"])).unwrap();
        assert_eq!(fs::read(fuzz_corpus::file(root.path(), "a")).unwrap(), before);

        fs::write(folder.join("a/mine"), "y").unwrap();
        fs::write(folder.join("a/the same"), "x").unwrap();
        fs::remove_file(folder.join("a/0000")).unwrap();
        pack(root.path(), &folder, &names(&["a"])).unwrap();
        let changed = Inputs::from([b"x".to_vec(), b"y".to_vec()]);
        assert_eq!(packed(root.path(), "a").unwrap(), changed);
    }

    #[test]
    fn a_folder_in_use_is_not_unpacked_into() {
        let root = root();
        let folder = root.path().join("look");
        fs::create_dir_all(folder.join("b")).unwrap();
        fs::write(folder.join("b/mine"), "y").unwrap();
        let taken = unpack(root.path(), &folder, &names(&["a", "b"])).unwrap_err();
        assert!(taken.to_string().contains("look/b has files already"), "{taken}");
        assert!(!folder.join("a").exists());
    }

    #[test]
    fn a_folder_without_files_is_not_packed() {
        let root = root();
        let folder = root.path().join("look");
        spread(&Inputs::from([b"y".to_vec()]), &folder.join("a")).unwrap();
        for absent in [false, true] {
            let error = pack(root.path(), &folder, &names(&["a", "b"])).unwrap_err();
            assert!(error.to_string().ends_with("look/b has no files"), "{absent}: {error}");
            fs::create_dir_all(folder.join("b")).unwrap();
        }
        assert_eq!(packed(root.path(), "a").unwrap(), two(), "nothing was packed");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let root = root();
        let folder = root.path().join("look");
        fs::create_dir_all(folder.join("a/below")).unwrap();
        let error = pack(root.path(), &folder, &names(&["a"])).unwrap_err();
        assert!(error.to_string().contains("look/a/below: "), "{error}");

        fs::write(fuzz_corpus::file(root.path(), "a"), "spoilt").unwrap();
        let error = unpack(root.path(), &root.path().join("new"), &names(&["a"])).unwrap_err();
        assert!(error.to_string().contains("a.corpus is spoilt"), "{error}");
    }
}
