//! `/reports`: files to take away, of one site or of all, for now or for a past day.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawForm, RawQuery, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::account::SiteScope;
use crate::domain::filter::{Filter, query_text};
use crate::domain::job::{JobKind, NewJob};
use crate::domain::site::Site;
use crate::services::compare_inventories::CompareError;
use crate::services::evaluation_record::EvidenceError;
use crate::services::exchange::VexError;
use crate::services::filtered_report::sites_of;
use crate::services::jobs::{JobDone, JobRun};
use crate::services::plan_shutdown::PlanError;
use crate::services::progress::Silent;
use crate::services::report_files::{
    KEEP_DAYS, ReportFileError, delete_report_file, make_report_file, read_report_file,
};
use crate::services::stored_report::ReportError;
use crate::services::worklist::WorklistError;
use crate::services::write_report::{FileError, FileRequest, KINDS, VexIdentity, Written, content_type_of, write_file};
use crate::store;
use crate::store::report_file::ReportFile;
use crate::web::error::Problem;
use crate::web::form::Fields;
use crate::web::frame::{Frame, Nav, render};
use crate::web::pages::comparison::imports_of;
use crate::web::pages::jobs;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

#[derive(Template)]
#[template(path = "reports.html")]
struct ReportsPage {
    frame: Frame,
    /// Those that the viewer sees.
    sites: Vec<Site>,
    sees_all: bool,
    kinds: &'static [(&'static str, &'static str)],
    /// What the form begins with, from the address: a list leads here with its filter.
    filter: String,
    files: Vec<(i64, ReportFile)>,
    /// The number after which older files follow; `None` on the last page.
    older: Option<i64>,
}

impl ReportsPage {
    fn what(&self, file: &ReportFile) -> String {
        let known = KINDS.iter().find(|(word, _)| *word == file.kind);
        known.map_or_else(|| file.kind.clone(), |(_, what)| (*what).to_owned())
    }

    fn scope(&self, file: &ReportFile) -> String {
        let site = file.site.clone().unwrap_or_else(|| "all sites".to_owned());
        match Filter::parse(&file.filter) {
            Ok(filter) if !filter.is_empty() => format!("{site} · {}", filter.in_words()),
            _ => site,
        }
    }

    /// The checksum in parts between which a line may break.
    fn digest<'a>(&self, file: &'a ReportFile) -> Vec<&'a str> {
        (0..file.sha256.len())
            .step_by(16)
            .filter_map(|at| file.sha256.get(at..(at + 16).min(file.sha256.len())))
            .collect()
    }

    /// Where the same is made again and again.
    fn schedule_link(&self) -> String {
        format!("/reports/schedules?filter={}#form", query_text::encode(&self.filter))
    }

    fn size(&self, file: &ReportFile) -> String {
        match file.n_bytes {
            n @ 0..10_000 => format!("{n} bytes"),
            n @ 10_000..10_000_000 => format!("{} kB", n / 1_000),
            n => format!("{} MB", n / 1_000_000),
        }
    }
}

/// Files that the page shows at a time.
const N_LISTED: usize = 50;

/// `GET /reports?filter=…&before=…`.
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let frame = Frame::load(&state, &viewer, Nav::Reports, "Reports").await?;
    let mut sites = store::site::list_sites(state.db()).await?;
    sites.retain(|site| viewer.sites.covers(site.site_id));
    let sees_all = viewer.sites == SiteScope::All;
    let before = match fields.get("before") {
        "" => None,
        _ => Some(fields.number("before")?),
    };
    let (files, older) = visible_files(&state, sees_all, &sites, before).await?;
    let filter = fields.get("filter").to_owned();
    render(&ReportsPage { frame, sites, sees_all, kinds: KINDS, filter, files, older })
}

/// The files that somebody who sees these sites may have, with the number after which older ones follow.
async fn visible_files(
    state: &AppState,
    sees_all: bool,
    sites: &[Site],
    mut before: Option<i64>,
) -> Result<(Vec<(i64, ReportFile)>, Option<i64>), Problem> {
    let mut files: Vec<(i64, ReportFile)> = Vec::new();
    loop {
        let page = store::report_file::list_report_files_before(state.db(), before, N_LISTED as u32).await?;
        let is_last = page.len() < N_LISTED;
        for (id, file) in page {
            before = Some(id);
            if is_visible(&file, sees_all, sites) {
                files.push((id, file));
                if files.len() == N_LISTED {
                    return Ok((files, before));
                }
            }
        }
        if is_last {
            return Ok((files, None));
        }
    }
}

fn is_visible(file: &ReportFile, sees_all: bool, sites: &[Site]) -> bool {
    sees_all || file.site.as_ref().is_some_and(|name| sites.iter().any(|site| site.name == *name))
}

/// `POST /reports`: has a file made, which is then kept in the list.
pub async fn make(State(state): State<AppState>, viewer: Viewer, RawForm(form): RawForm) -> Result<Response, Problem> {
    let fields = Fields::read(&form);
    let request = request_of(&state, &viewer, &fields).await?;
    let (db, who, now) = (state.db().clone(), viewer.name.clone(), state.now());
    let data_dir = state.config().data_dir().map_err(|e| Problem::conflict(e.to_string()))?;
    let what = KINDS.iter().find(|(word, _)| *word == request.kind).map_or("Report", |(_, what)| *what);
    let new = NewJob {
        kind: JobKind::Report,
        title: format!("{what}: {}", request.site.as_deref().unwrap_or("all sites")),
        who: viewer.name.clone(),
        once: None,
    };
    let work = move |run: Arc<JobRun>| async move {
        let (id, file) =
            make_report_file(&db, &data_dir, &request, &who, KEEP_DAYS, now, &*run).await.map_err(|e| e.to_string())?;
        Ok(JobDone { message: format!("made {}", file.name), result_path: Some(format!("/reports#file-{id}")) })
    };
    let job_id = state.jobs().start(new, work).await?.job_id();
    jobs::lead_to(&state, job_id).await
}

/// `GET /reports/files/{id}`.
pub async fn kept(State(state): State<AppState>, viewer: Viewer, Path(id): Path<i64>) -> Result<Response, Problem> {
    let (file, bytes) = read_report_file(state.db(), id).await.map_err(file_problem)?;
    may_have(&state, &viewer, id, &file).await?;
    let content_type = content_type_of(&file.name);
    Ok(download(Written { name: file.name, content_type, bytes }))
}

/// `POST /reports/files/{id}/delete`: removes a file before its days are over.
pub async fn remove(State(state): State<AppState>, viewer: Viewer, Path(id): Path<i64>) -> Result<Response, Problem> {
    let viewer = viewer.editing()?;
    let file = store::report_file::find_report_file(state.db(), id).await?;
    let file = file.ok_or_else(|| file_problem(ReportFileError::Unknown(id)))?;
    may_have(&state, &viewer, id, &file).await?;
    delete_report_file(state.db(), id, &viewer.name, state.now()).await.map_err(file_problem)?;
    Ok(Redirect::to("/reports").into_response())
}

/// Refuses a file about sites that the viewer does not see, as one that is not there.
async fn may_have(state: &AppState, viewer: &Viewer, id: i64, file: &ReportFile) -> Result<(), Problem> {
    let mut sites = store::site::list_sites(state.db()).await?;
    sites.retain(|site| viewer.sites.covers(site.site_id));
    if is_visible(file, viewer.sites == SiteScope::All, &sites) {
        Ok(())
    } else {
        Err(file_problem(ReportFileError::Unknown(id)))
    }
}

fn file_problem(error: ReportFileError) -> Problem {
    match &error {
        ReportFileError::Unknown(_) | ReportFileError::Removed { .. } | ReportFileError::Gone { .. } => {
            Problem::not_found(error.to_string())
        }
        ReportFileError::Changed { .. } => Problem::conflict(error.to_string()),
        _ => Problem::internal(error),
    }
}

/// What a form or an address asks for, if the viewer may see it.
async fn request_of(state: &AppState, viewer: &Viewer, fields: &Fields) -> Result<FileRequest, Problem> {
    let kind = fields.get("kind").to_owned();
    if !KINDS.iter().any(|(word, _)| *word == kind) {
        let known = KINDS.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        return Err(Problem::bad_request(format!("cannot write `{kind}`: expected one of {known}")));
    }
    let mut site = Some(fields.get("site").to_owned()).filter(|site| !site.is_empty());
    let mut filter = Filter::parse(fields.get("filter").trim().trim_start_matches('?'))
        .map_err(|e| Problem::bad_request(e.to_string()))?;
    // The filter of a list names its sites; a site that is chosen beside it wins.
    let named = match sites_of(state.db(), &filter).await {
        Ok(named) => named.unwrap_or_default(),
        Err(e) => return Err(problem(FileError::Report(e))),
    };
    match (&site, named.len()) {
        (None, 1) => {
            site = named.first().cloned();
            filter.sites.clear();
        }
        (Some(_), _) => filter.sites.clear(),
        (None, _) => {}
    }
    let wanted: Vec<String> = site.iter().cloned().chain(named).collect();
    may_see(state, viewer, &wanted).await?;
    Ok(FileRequest {
        kind,
        paper: fields.get("paper").to_owned(),
        site,
        as_of: end_of_day(fields.get("as_of"))?,
        since: end_of_day(fields.get("since"))?,
        imports: imports_of(fields)?,
        filter,
        vex: VexIdentity::of(state.config()),
    })
}

/// `GET /reports/file?kind=pdf&site=Riverside&as_of=2026-11-22&paper=a4`.
pub async fn file(
    State(state): State<AppState>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let request = request_of(&state, &viewer, &fields).await?;
    let written = write_file(state.db(), &request, state.now(), &Silent).await.map_err(problem)?;
    Ok(download(written))
}

/// Refuses sites that the viewer does not see; none means all.
///
/// # Errors
///
/// 404 where a site is not known or not the viewer's, 403 for all sites.
pub async fn may_see(state: &AppState, viewer: &Viewer, sites: &[String]) -> Result<(), Problem> {
    if sites.is_empty() && viewer.sites != SiteScope::All {
        return Err(Problem::forbidden("cannot show all sites: you see some of them\nhint: choose one of your sites"));
    }
    for name in sites {
        let site = store::site::find_site(state.db(), name).await?;
        if site.is_none_or(|site| !viewer.sites.covers(site.site_id)) {
            return Err(Problem::not_found(format!("cannot find the site `{name}`")));
        }
    }
    Ok(())
}

/// The last moment of a day in UTC; `None` for a blank field.
///
/// # Errors
///
/// 400 when it is no day.
pub fn end_of_day(text: &str) -> Result<Option<Timestamp>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || Problem::bad_request(format!("cannot read the day: expected one like 2026-01-03, found `{text}`"));
    let day: Date = text.parse().map_err(|_| wrong())?;
    let end = day.to_zoned(TimeZone::UTC).and_then(|start| start.end_of_day()).map_err(|_| wrong())?;
    Ok(Some(end.timestamp()))
}

/// The file as an answer that a browser saves.
pub fn download(written: Written) -> Response {
    let disposition = format!("attachment; filename=\"{}\"", written.name);
    ([(CONTENT_TYPE, written.content_type.to_owned()), (CONTENT_DISPOSITION, disposition)], written.bytes)
        .into_response()
}

/// What went wrong, as an answer.
pub fn problem(error: FileError) -> Problem {
    match &error {
        FileError::Kind { .. }
        | FileError::Paper(_)
        | FileError::Filter { .. }
        | FileError::NoSince
        | FileError::NoSiteOfImports
        | FileError::Compare(CompareError::Same(_))
        | FileError::NoSite
        | FileError::NoPublisher
        | FileError::Vex(VexError::Namespace(_) | VexError::NoAssets(_) | VexError::NothingNamed(_)) => {
            Problem::bad_request(error.to_string())
        }
        FileError::Plan(plan) => plan_problem(plan),
        FileError::Compare(CompareError::UnknownSite(_) | CompareError::NotOfSite { .. }) => {
            Problem::not_found(error.to_string())
        }
        FileError::Report(ReportError::UnknownSite { .. })
        | FileError::Worklist(WorklistError::UnknownSite { .. })
        | FileError::Evidence(EvidenceError::Report(ReportError::UnknownSite { .. })) => {
            Problem::not_found(error.to_string())
        }
        FileError::Report(ReportError::NotJudged | ReportError::TooEarly { .. })
        | FileError::Evidence(EvidenceError::Report(ReportError::NotJudged | ReportError::TooEarly { .. }))
        | FileError::Evidence(EvidenceError::Days(_))
        | FileError::Worklist(WorklistError::Nothing { .. }) => Problem::bad_request(error.to_string()),
        _ => Problem::internal(error),
    }
}

/// What went wrong with a plan, as an answer.
pub fn plan_problem(error: &PlanError) -> Problem {
    match error {
        PlanError::UnknownPlan { .. } | PlanError::UnknownStep { .. } | PlanError::UnknownSite { .. } => {
            Problem::not_found(error.to_string())
        }
        PlanError::EndsBeforeItStarts { .. } | PlanError::NoName | PlanError::Empty { .. } | PlanError::Edit(_) => {
            Problem::bad_request(error.to_string())
        }
        PlanError::Frozen { .. } | PlanError::Draft { .. } => Problem::conflict(error.to_string()),
        PlanError::Load(_) | PlanError::Store(_) => Problem::internal(error),
    }
}
