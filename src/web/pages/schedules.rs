//! `/reports/schedules`: reports that the nightly run makes again and again.

use askama::Template;
use axum::extract::{RawForm, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::filter::Filter;
use crate::domain::site::Site;
use crate::report::Format;
use crate::services::scheduled_reports::{
    RHYTHMS, ScheduledReportError, add_scheduled_report, change_scheduled_report, delete_scheduled_report,
    find_scheduled_report, next_night,
};
use crate::services::watch;
use crate::services::write_report::KINDS;
use crate::store;
use crate::store::report_file::ReportFile;
use crate::store::report_schedule::ReportSchedule;
use crate::web::error::Problem;
use crate::web::form::Fields;
use crate::web::frame::{Frame, Nav, StatusBar, render};
use crate::web::pages::alerts::outlets;
use crate::web::partials::Identifier;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Files of a schedule that are shown.
pub const FILES: u32 = 3;

/// A schedule with what it made and will make.
pub struct Scheduled {
    pub id: i64,
    pub schedule: ReportSchedule,
    /// Its latest files.
    pub files: Vec<(i64, ReportFile)>,
    /// The day of the nightly run that makes it next, in the zone of these runs; `None` while there are none.
    pub next: Option<Date>,
}

#[derive(Template)]
#[template(path = "schedules.html")]
struct SchedulesPage {
    frame: Frame,
    schedules: Vec<Scheduled>,
    sites: Vec<Site>,
    /// What the form changes; `None` for a new one.
    editing: Option<i64>,
    form: ReportSchedule,
    has_nights: bool,
    has_mail: bool,
}

impl SchedulesPage {
    fn what(&self, format: &str) -> String {
        let known = KINDS.iter().find(|(word, _)| *word == format);
        known.map_or_else(|| format!("Exposure report, {format}"), |(_, what)| (*what).to_owned())
    }

    /// Formats that a schedule can have, as (word, what it is).
    fn formats(&self) -> Vec<(&'static str, String)> {
        Format::ALL.iter().map(|format| (format.word(), self.what(format.word()))).collect()
    }

    fn rhythms(&self) -> [(&'static str, &'static str); 3] {
        RHYTHMS.map(|(word, _)| (word, rhythm(word)))
    }

    fn rhythm(&self, word: &str) -> &'static str {
        rhythm(word)
    }

    /// What it tells of, beside the site; blank for everything.
    fn filter(&self, schedule: &ReportSchedule) -> String {
        match Filter::parse(&schedule.filter) {
            Ok(filter) if filter.is_empty() => String::new(),
            Ok(filter) => filter.in_words(),
            Err(_) => schedule.filter.clone(),
        }
    }

    fn day(&self, day: &Date) -> String {
        day.strftime("%-d %b %Y").to_string()
    }
}

fn rhythm(word: &str) -> &'static str {
    match word {
        "daily" => "every night",
        "weekly" => "every Monday’s night",
        "monthly" => "the first night of a month",
        _ => "never: its rhythm is not known",
    }
}

/// What a new schedule begins with.
fn blank(now: Timestamp) -> ReportSchedule {
    ReportSchedule {
        site: None,
        filter: String::new(),
        format: "pdf".to_owned(),
        target: String::new(),
        rhythm: "weekly".to_owned(),
        keep_days: 400,
        created_at: now,
        last_slot_at: None,
    }
}

/// All schedules with what they made and will make.
///
/// # Errors
///
/// The configuration is wrong, or the database fails.
pub async fn all(state: &AppState) -> Result<Vec<Scheduled>, Problem> {
    let nights = watch::schedule(state.config()).map_err(Problem::internal)?;
    let mut schedules = Vec::new();
    for (id, schedule) in store::report_schedule::list_report_schedules(state.db()).await? {
        let files = store::report_file::list_files_of_schedule(state.db(), id, FILES).await?;
        let next = nights.as_ref().and_then(|nights| {
            let night = next_night(&schedule, nights.zone(), state.now())?;
            Some(night.to_zoned(nights.zone().clone()).date())
        });
        schedules.push(Scheduled { id, schedule, files, next });
    }
    Ok(schedules)
}

/// `GET /reports/schedules?edit=3`.
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    // They go to recipients, as alerts do, and tell of all sites.
    let viewer = viewer.seeing_all("the scheduled reports")?;
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let editing = match fields.get("edit") {
        "" => None,
        _ => Some(fields.number("edit")?),
    };
    let form = match editing {
        Some(id) => find_scheduled_report(state.db(), id).await?,
        // A list leads here with its filter.
        None => ReportSchedule { filter: fields.get("filter").to_owned(), ..blank(state.now()) },
    };
    let mut frame = Frame::load(&state, &viewer, Nav::Reports, "Scheduled reports").await?;
    frame.done = done_in_words(fields.get("done")).map(|text| StatusBar { text: text.to_owned(), undo: None });
    render(&SchedulesPage {
        frame,
        schedules: all(&state).await?,
        sites: store::site::list_sites(state.db()).await?,
        editing,
        form,
        has_nights: watch::schedule(state.config()).map_err(Problem::internal)?.is_some(),
        has_mail: outlets(&state)?.mailer.is_some(),
    })
}

/// What was done, told by a word so that no text of an address is shown as ours.
fn done_in_words(word: &str) -> Option<&'static str> {
    match word {
        "added" => Some("The report is scheduled. The nightly run makes it."),
        "changed" => Some("The scheduled report is changed. What it made before stays as it is."),
        "deleted" => Some("The scheduled report is deleted. Its files are kept for their days."),
        _ => None,
    }
}

/// `POST /reports/schedules`: adds, changes and deletes.
pub async fn change(
    State(state): State<AppState>,
    viewer: Viewer,
    RawForm(form): RawForm,
) -> Result<Response, Problem> {
    let viewer = viewer.administrating()?;
    let (db, now, fields) = (state.db(), state.now(), Fields::read(&form));
    let done = match fields.get("act") {
        "add" => {
            add_scheduled_report(db, &schedule_of(&fields, now)?, &viewer.name).await?;
            "added"
        }
        "change" => {
            let id = fields.number("schedule")?;
            change_scheduled_report(db, id, &schedule_of(&fields, now)?, &viewer.name, now).await?;
            "changed"
        }
        "delete" => {
            delete_scheduled_report(db, fields.number("schedule")?, &viewer.name, now).await?;
            "deleted"
        }
        other => return Err(Problem::bad_request(format!("cannot read the form: found the unknown act `{other}`"))),
    };
    Ok(Redirect::to(&format!("/reports/schedules?done={done}")).into_response())
}

fn schedule_of(fields: &Fields, now: Timestamp) -> Result<ReportSchedule, Problem> {
    Ok(ReportSchedule {
        site: Some(fields.get("site").to_owned()).filter(|site| !site.is_empty()),
        filter: Filter::parse(fields.get("filter").trim().trim_start_matches('?'))?.to_string(),
        format: fields.get("format").to_owned(),
        target: fields.get("to").trim().to_owned(),
        rhythm: fields.get("when").to_owned(),
        keep_days: fields.number("keep_days")?,
        created_at: now,
        last_slot_at: None,
    })
}

impl From<ScheduledReportError> for Problem {
    fn from(error: ScheduledReportError) -> Problem {
        match error {
            ScheduledReportError::Store(error) => error.into(),
            ScheduledReportError::Unknown(_) => Problem::not_found(error.to_string()),
            _ => Problem::bad_request(error.to_string()),
        }
    }
}
