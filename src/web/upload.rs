//! Files that a browser sends, taken piece by piece.

use axum::extract::multipart::{Field as Part, Multipart};

use super::error::Problem;
use super::state::AppState;
use crate::services::import_draft::{MAX_UPLOAD_BYTES, Upload, UploadError};

/// The longest value of a field beside the file.
const MAX_FIELD_BYTES: usize = 1000;

/// Streams the file to the data folder; memory holds one piece of it.
///
/// # Errors
///
/// The file is too large, does not come whole, or cannot be written.
pub async fn receive(state: &AppState, mut part: Part<'_>) -> Result<Upload, UploadError> {
    let mut upload = state.drafts().begin_upload()?;
    let (mut refused, mut n_passed_over) = (None, 0);
    loop {
        match part.chunk().await {
            // A browser shows no answer before all of its file is taken, so the rest of one that is too large is read
            // and thrown away, up to a bound.
            Ok(Some(bytes)) if refused.is_some() && n_passed_over < MAX_UPLOAD_BYTES => {
                n_passed_over += bytes.len() as u64;
            }
            Ok(Some(bytes)) if refused.is_none() => refused = upload.write(&bytes).err(),
            Ok(_) => return refused.map_or(Ok(upload), Err),
            Err(error) => return Err(UploadError::Disk(std::io::Error::other(error.body_text()))),
        }
    }
}

/// A short field of the form as text.
///
/// # Errors
///
/// 400: it is long, or does not come whole.
pub async fn short_text(mut part: Part<'_>) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(more) = part.chunk().await.map_err(|e| Problem::bad_request(e.body_text()))? {
        bytes.extend_from_slice(&more);
        if bytes.len() > MAX_FIELD_BYTES {
            return Err(Problem::bad_request(format!(
                "cannot read the form: expected at most {MAX_FIELD_BYTES} bytes in a field, found more"
            )));
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The parts of a form, with errors as problems.
pub trait NextPart {
    /// The next part; `None` after the last.
    ///
    /// # Errors
    ///
    /// 400: the form is broken.
    fn next_part(&mut self) -> impl Future<Output = Result<Option<Part<'_>>, Problem>> + Send;
}

impl NextPart for Multipart {
    async fn next_part(&mut self) -> Result<Option<Part<'_>>, Problem> {
        self.next_field()
            .await
            .map_err(|error| Problem::bad_request(format!("cannot read the form: {}", error.body_text())))
    }
}
