//! One struct of settings: TOML file, then environment, then flags; unknown keys are refused.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

/// The settings of the program. Every key has the same name in the file, in the environment (`NAMEPLATE_` and the
/// name in capitals) and as a flag (with dashes); a flag wins over the environment, which wins over the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Database URL: `sqlite:///path/to/file.db` or `postgres://user@host/name`. Default: `nameplate.db` in the data
    /// folder.
    pub database: Option<String>,
    /// Folder for what the program keeps. Default: the data folder of the user.
    pub data_dir: Option<PathBuf>,
    /// Address and port that `serve` listens on. Default: `127.0.0.1:8080`.
    pub listen: Option<String>,
    /// What to log, as in `info` or `nameplate=debug`. Default: `warn`.
    pub log: Option<String>,
}

/// Where settings could not be had from.
#[derive(Debug, Error)]
pub enum ConfigError {
    #[error("cannot read the configuration `{path}`: {source}")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("cannot use the configuration `{path}`: {message}\nhint: known keys are {}", KEYS.join(", "))]
    Invalid { path: PathBuf, message: String },
    #[error("cannot tell the user's data folder\nhint: name one with --data-dir or NAMEPLATE_DATA_DIR")]
    NoDataDir,
}

/// The keys of [`Config`], in the order in which they are documented.
pub const KEYS: [&str; 4] = ["database", "data_dir", "listen", "log"];

impl Config {
    /// Reads a TOML file.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is no TOML, or has a key that is not known; the message lists the known ones.
    pub fn from_file(path: &Path) -> Result<Config, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        toml::from_str(&text)
            .map_err(|e| ConfigError::Invalid { path: path.to_owned(), message: e.to_string().trim_end().to_owned() })
    }

    /// These settings with the gaps filled from `below`.
    pub fn over(self, below: Config) -> Config {
        Config {
            database: self.database.or(below.database),
            data_dir: self.data_dir.or(below.data_dir),
            listen: self.listen.or(below.listen),
            log: self.log.or(below.log),
        }
    }

    /// The folder for what the program keeps.
    ///
    /// # Errors
    ///
    /// None is set and the system names no data folder for the user.
    pub fn data_dir(&self) -> Result<PathBuf, ConfigError> {
        match &self.data_dir {
            Some(dir) => Ok(dir.clone()),
            None => dirs::data_dir().map(|d| d.join("nameplate")).ok_or(ConfigError::NoDataDir),
        }
    }

    /// The URL of the database: the one that is set, else a SQLite file in the data folder.
    ///
    /// # Errors
    ///
    /// As [`Config::data_dir`].
    pub fn database_url(&self) -> Result<String, ConfigError> {
        match &self.database {
            Some(url) => Ok(url.clone()),
            None => Ok(format!("sqlite://{}", self.data_dir()?.join("nameplate.db").display())),
        }
    }

    /// The address that `serve` listens on.
    pub fn listen(&self) -> &str {
        self.listen.as_deref().unwrap_or("127.0.0.1:8080")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, ConfigError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Config::from_file(file.path())
    }

    #[test]
    fn an_unknown_key_is_refused_and_the_known_ones_are_listed() {
        let message = read("databse = \"sqlite://x\"").unwrap_err().to_string();
        for part in ["databse", "line 1", "hint: known keys are database, data_dir, listen, log"] {
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn the_file_gives_what_flags_and_environment_leave_open() {
        let file = read("database = \"sqlite://file.db\"\nlisten = \"127.0.0.1:9000\"").unwrap();
        let flags = Config { database: Some("postgres://host/db".to_owned()), ..Config::default() };
        let both = flags.over(file);
        assert_eq!(both.database_url().unwrap(), "postgres://host/db");
        assert_eq!(both.listen(), "127.0.0.1:9000");
    }

    #[test]
    fn the_database_is_a_file_in_the_data_folder_unless_said_otherwise() {
        let config = Config { data_dir: Some(PathBuf::from("/var/lib/nameplate")), ..Config::default() };
        assert_eq!(config.database_url().unwrap(), "sqlite:///var/lib/nameplate/nameplate.db");
    }

    #[test]
    fn the_example_file_is_read_and_shows_every_key() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/config.example.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(Config::from_file(&path).is_ok());
        for key in KEYS {
            assert!(text.contains(&format!("\n{key} = ")), "{key}");
        }
    }

    #[test]
    fn every_key_is_known_to_the_reader() {
        for key in KEYS {
            assert!(read(&format!("{key} = \"x\"")).is_ok(), "{key}");
        }
    }
}
