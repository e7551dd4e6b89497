//! Where a command's data goes: standard output or a file, whole or not at all.

use std::fs::OpenOptions;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Writes a file whole or not at all: into a neighbour first, which then takes the name. Readable by its owner
/// only, because it lists a plant's weak spots.
///
/// # Errors
///
/// The file cannot be made or written; the message names it.
pub fn write_file<E: std::fmt::Display>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), String> {
    let failed = |what: &dyn std::fmt::Display| format!("cannot write `{}`: {what}", path.display());
    let mut beside = path.file_name().ok_or_else(|| failed(&"it is no file name"))?.to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let part = Part(path.with_file_name(beside));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = BufWriter::with_capacity(1 << 16, options.open(&part.0).map_err(|e| failed(&e))?);
    write(&mut file).map_err(|e| failed(&e))?;
    file.flush().map_err(|e| failed(&e))?;
    drop(file);
    std::fs::rename(&part.0, path).map_err(|e| failed(&e))
}

/// A half-written file, removed when it did not get its name.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // After the rename there is nothing left under this name.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Writes to the file, or to standard output when none is named. A reader that closes the pipe early is no error.
///
/// # Errors
///
/// The data is binary and standard output is a terminal, or writing fails.
pub fn write_out<E: std::fmt::Display>(
    path: Option<&Path>,
    is_binary: bool,
    write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), String> {
    if let Some(path) = path {
        return write_file(path, write);
    }
    let stdout = std::io::stdout();
    if is_binary && stdout.is_terminal() {
        return Err("cannot show this format on a terminal\nhint: name a file with -o".to_owned());
    }
    let mut pipe = Pipe { out: BufWriter::with_capacity(1 << 16, stdout.lock()), closed: false };
    let written = write(&mut pipe);
    let _ = pipe.flush();
    match written {
        _ if pipe.closed => Ok(()),
        Ok(()) => Ok(()),
        Err(e) => Err(format!("cannot write to standard output: {e}")),
    }
}

/// Standard output that remembers when its reader has gone.
struct Pipe<W> {
    out: W,
    closed: bool,
}

impl<W: Write> Pipe<W> {
    fn note<T>(&mut self, result: std::io::Result<T>) -> std::io::Result<T> {
        if let Err(e) = &result
            && e.kind() == std::io::ErrorKind::BrokenPipe
        {
            self.closed = true;
        }
        result
    }
}

impl<W: Write> Write for Pipe<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let result = self.out.write(bytes);
        self.note(result)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let result = self.out.flush();
        self.note(result)
    }
}
