//! One struct of settings: TOML file, then environment, then flags; unknown keys are refused.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

/// Declares [`Config`]: a key is one line with its doc, and is read from file and environment and listed in [`KEYS`].
macro_rules! keys {
    ($($(#[$doc:meta])* $key:ident: $type:ty,)*) => {
        /// The settings of the program. Every key has the same name in the file and in the environment (`NAMEPLATE_`
        /// and the name in capitals); the first ones are flags too (with dashes). A flag wins over the environment,
        /// which wins over the file.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Config {
            $($(#[$doc])* pub $key: Option<$type>,)*
        }

        /// The keys of [`Config`], in the order in which they are documented.
        pub const KEYS: &[&str] = &[$(stringify!($key)),*];

        impl Config {
            /// These settings with the gaps filled from `below`.
            pub fn over(self, below: Config) -> Config {
                Config { $($key: self.$key.or(below.$key),)* }
            }

            /// The settings of the environment: `get` gives the value of a variable.
            pub fn from_environment(get: impl Fn(&str) -> Option<String>) -> Config {
                let of = |key: &str| get(&format!("NAMEPLATE_{}", key.to_uppercase())).filter(|value| !value.is_empty());
                Config { $($key: of(stringify!($key)).map(<$type>::from),)* }
            }
        }
    };
}

keys! {
    /// Database URL: `sqlite:///path/to/file.db` or `postgres://user@host/name`. Default: `nameplate.db` in the data
    /// folder.
    database: String,
    /// Folder for what the program keeps. Default: the data folder of the user.
    data_dir: PathBuf,
    /// Address and port that `serve` listens on. Default: `127.0.0.1:8080`.
    listen: String,
    /// File with the certificate (PEM, chain included) that `serve` shows. Default: none, plain HTTP.
    tls_certificate: PathBuf,
    /// File with the key of that certificate (PEM).
    tls_key: PathBuf,
    /// OpenID provider that people may log in at: its issuer, an https URL. Needs `base_url`. Default: none.
    oidc_issuer: String,
    /// By which name the program is known at the provider.
    oidc_client_id: String,
    /// File with the secret for the provider; or the variable NAMEPLATE_OIDC_CLIENT_SECRET. None for a public client.
    oidc_client_secret_file: PathBuf,
    /// Role of an account that is made when somebody logs in at the provider for the first time, without any site:
    /// `viewer`, `engineer` or `none`. Default: `none`, an administrator makes accounts.
    oidc_new_accounts: String,
    /// Claim of the provider that lists the groups of a person, as in `groups`. Then groups give role and sites at each
    /// login: `nameplate-viewer`, `nameplate-engineer`, `nameplate-admin`; `nameplate-all-sites`, `nameplate-site-NAME`.
    /// Default: none, an administrator gives them.
    oidc_groups_claim: String,
    /// What to log, as in `info`, `nameplate=debug` or `sqlx::query=debug`, which shows statements. Default: `warn`.
    log: String,
    /// How log lines are written: `text` or `json`. Default: `text`.
    log_format: String,
    /// Where people reach the pages, for links in messages: `https://nameplate.example`. Default: none, no links.
    base_url: String,
    /// Time zone by its name, as in `Europe/Berlin`; for the schedule and for times in messages. Default: the system's.
    time_zone: String,
    /// When `serve` runs the nightly chain, as a cron expression of five fields, or `off`. Default: `0 2 * * *`.
    schedule: String,
    /// Minutes over which starts are spread, so that not all plants ask a source in the same second. Default: `10`.
    schedule_jitter_minutes: String,
    /// Minutes between two looks of `serve` at the sources, or `off`. Default: `30`.
    poll_minutes: String,
    /// Proxy for everything that is fetched: `http://user:password@host:port`. Default: none.
    proxy: String,
    /// File with certificates (PEM) that sources are trusted by, beside those of the machine.
    extra_ca: PathBuf,
    /// Documents that are fetched at the same time. Default: `8`.
    fetch_parallel: String,
    /// Requests per second to one host, `0` for no limit. Default: `50`.
    fetch_requests_per_second: String,
    /// Sender of mail: `nameplate@example.org`. Without it no mail is sent.
    mail_from: String,
    /// Relays that are tried in order, with commas between: `smtps://user@host:465`, `smtp://user@host:587` (STARTTLS
    /// demanded), `smtp+plain://localhost:25` (no encryption, no password).
    mail_relays: String,
    /// File with the password for the relays; or the variable NAMEPLATE_MAIL_PASSWORD.
    mail_password_file: PathBuf,
    /// File with certificates (PEM) that the relays are trusted by, beside the public ones.
    mail_ca_file: PathBuf,
    /// Folder that mail is written to as .eml files instead of being sent, for sites without a network.
    mail_folder: PathBuf,
    /// File with the secret that webhooks are signed with; or the variable NAMEPLATE_WEBHOOK_SECRET.
    webhook_secret_file: PathBuf,
    /// Hosts that webhooks may reach although their address is private, with commas between.
    webhook_hosts: String,
    /// Who publishes VEX documents: the organisation that runs the sites.
    vex_publisher: String,
    /// A URI that belongs to the publisher of VEX documents: `https://plant.example`.
    vex_namespace: String,
    /// Days that messages which were sent and nightly runs are kept; the nightly run removes older ones. Default: none,
    /// all are kept.
    retention_days: String,
    /// Days that closed exposures, earlier wordings, runs and revisions of advisories that no longer count are kept; the
    /// nightly run removes older ones, and no report tells a day before. Default: none, all are kept.
    history_days: String,
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

    /// The secret for the OpenID provider: of its file, else of the environment; `None` for a public client.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn oidc_client_secret(&self) -> Result<Option<String>, ConfigError> {
        let secret = match &self.oidc_client_secret_file {
            Some(path) => Some(
                std::fs::read_to_string(path)
                    .map_err(|source| ConfigError::Unreadable { path: path.clone(), source })?,
            ),
            None => std::env::var("NAMEPLATE_OIDC_CLIENT_SECRET").ok(),
        };
        Ok(secret.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()))
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
        for part in ["databse", "line 1", "hint: known keys are database, data_dir, listen, "] {
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
    fn the_environment_gives_every_key() {
        let config = Config::from_environment(|name| match name {
            "NAMEPLATE_SCHEDULE" => Some("off".to_owned()),
            "NAMEPLATE_MAIL_FOLDER" => Some("/var/spool/nameplate".to_owned()),
            "NAMEPLATE_LOG" => Some(String::new()),
            _ => None,
        });
        let expected = Config {
            schedule: Some("off".to_owned()),
            mail_folder: Some(PathBuf::from("/var/spool/nameplate")),
            ..Config::default()
        };
        assert_eq!(config, expected);
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
