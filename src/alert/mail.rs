//! A mail as it is kept in the outbox, and as it goes over the wire.

use jiff::Timestamp;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MessageBuilder, MultiPart, SinglePart};
use lettre::{Address, Message};
use serde::{Deserialize, Serialize};

use super::SendError;
use super::message::one_line;

/// The body of a mail in the outbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailBody {
    pub text: String,
    #[serde(default)]
    pub html: String,
    /// Link that stops the messages; also takes the one click of RFC 8058.
    #[serde(default)]
    pub stop_url: Option<String>,
    /// A file to attach, as (path, name, media type).
    #[serde(default)]
    pub attachment: Option<(String, String, String)>,
}

/// What a mail needs from the outbox beside its body.
pub struct Envelope<'a> {
    pub from: &'a str,
    pub to: &'a str,
    pub subject: &'a str,
    /// Names the message for ever: 64 hexadecimal digits. A mail that is sent twice has the same Message-ID.
    pub key: &'a str,
    /// Names the list of its kind, `rule-3`.
    pub list: &'a str,
    pub at: Timestamp,
}

/// A header that lettre has no type for. Its value is encoded and folded like any other.
macro_rules! text_header {
    ($name:ident, $word:literal) => {
        #[derive(Clone)]
        struct $name(String);
        impl Header for $name {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($word)
            }
            fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
                Ok($name(text.to_owned()))
            }
            fn display(&self) -> HeaderValue {
                HeaderValue::new(Self::name(), self.0.clone())
            }
        }
    };
}
text_header!(ListId, "List-Id");
text_header!(ListUnsubscribe, "List-Unsubscribe");
text_header!(ListUnsubscribePost, "List-Unsubscribe-Post");
text_header!(AutoSubmitted, "Auto-Submitted");
text_header!(SuppressReplies, "X-Auto-Response-Suppress");

/// The mail to send. `attached` holds the bytes of the attachment.
///
/// # Errors
///
/// The sender or the recipient is no address.
pub fn mail(body: &MailBody, envelope: &Envelope<'_>, attached: Option<Vec<u8>>) -> Result<Message, SendError> {
    let from = mailbox(envelope.from).map_err(|e| {
        SendError::passing(format!("cannot use the sender `{}` (`mail_from`): {e}", one_line(envelope.from)))
    })?;
    let to = mailbox(envelope.to)
        .map_err(|e| SendError::lasting(format!("cannot use the recipient `{}`: {e}", one_line(envelope.to))))?;
    let domain = from.email.domain().to_owned();
    let mut builder: MessageBuilder = Message::builder()
        .from(from)
        .to(to)
        .subject(one_line(envelope.subject))
        .date(envelope.at.into())
        .message_id(Some(format!("<{}@{domain}>", envelope.key.get(..32).unwrap_or(envelope.key))))
        .header(ListId(format!("<{}.nameplate.{domain}>", envelope.list)))
        .header(AutoSubmitted("auto-generated".to_owned()))
        .header(SuppressReplies("All".to_owned()));
    if let Some(url) = &body.stop_url {
        builder = builder
            .header(ListUnsubscribe(format!("<{}>", one_line(url))))
            .header(ListUnsubscribePost("List-Unsubscribe=One-Click".to_owned()));
    }
    let text = SinglePart::plain(body.text.clone());
    let words = if body.html.is_empty() {
        MultiPart::alternative().singlepart(text)
    } else {
        MultiPart::alternative().singlepart(text).singlepart(SinglePart::html(body.html.clone()))
    };
    let built = match (&body.attachment, attached) {
        (Some((_, name, media_type)), Some(bytes)) => {
            let media_type = ContentType::parse(media_type).unwrap_or(ContentType::TEXT_PLAIN);
            let file = Attachment::new(one_line(name)).body(bytes, media_type);
            builder.multipart(MultiPart::mixed().multipart(words).singlepart(file))
        }
        _ => builder.multipart(words),
    };
    built.map_err(|e| SendError::lasting(format!("cannot put the mail together: {e}")))
}

/// `name@example.org` or `Nameplate <name@example.org>`.
fn mailbox(text: &str) -> Result<Mailbox, String> {
    if text.chars().any(char::is_control) {
        return Err("expected one line".to_owned());
    }
    match text.split_once('<') {
        None => text.trim().parse::<Address>().map(|address| Mailbox::new(None, address)).map_err(|e| e.to_string()),
        Some(_) => text.parse::<Mailbox>().map_err(|e| e.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope<'a>(subject: &'a str, to: &'a str) -> Envelope<'a> {
        Envelope {
            from: "Nameplate <nameplate@plant.example>",
            to,
            subject,
            key: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            list: "rule-3",
            at: "2026-11-22T01:15:00Z".parse().unwrap(),
        }
    }

    fn body() -> MailBody {
        MailBody {
            text: "2 new\n.\nlast".to_owned(),
            html: "<p>2 new</p>".to_owned(),
            stop_url: Some("https://nameplate.example/alerts/stop?token=abc".to_owned()),
            attachment: None,
        }
    }

    fn sent(envelope: &Envelope<'_>) -> String {
        String::from_utf8(mail(&body(), envelope, None).unwrap().formatted()).unwrap()
    }

    #[test]
    fn a_mail_has_the_headers_of_a_list_and_text_before_html() {
        let sent = sent(&envelope("[Riverside] 2 new", "ot@example.org"));
        for header in [
            "Message-ID: <0123456789abcdef0123456789abcdef@plant.example>\r\n",
            "List-Id: <rule-3.nameplate.plant.example>\r\n",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Subject: [Riverside] 2 new\r\n",
            "To: ot@example.org\r\n",
        ] {
            assert!(sent.contains(header), "`{header}` is not in\n{sent}");
        }
        let unfolded = sent.replace("\r\n ", " ");
        assert!(unfolded.contains("List-Unsubscribe: <https://nameplate.example/alerts/stop?token=abc>"), "{unfolded}");
        assert!(sent.find("text/plain").unwrap() < sent.find("text/html").unwrap());
    }

    #[test]
    fn no_subject_and_no_recipient_smuggles_a_header() {
        let sent = sent(&envelope("a\r\nBcc: all@example.org\r\n\r\nbody", "ot@example.org"));
        assert!(!sent.contains("\r\nBcc:"), "{sent}");
        for to in ["a@example.org\r\nBcc: b@example.org", "a@example.org, b@example.org", "", "nobody"] {
            assert!(mail(&body(), &envelope("x", to), None).unwrap_err().is_final, "{to}");
        }
    }

    #[test]
    fn subjects_of_other_alphabets_are_encoded() {
        let sent = sent(&envelope("[Kraftwerk Süd / 主変電所] 2 new", "ot@example.org"));
        assert!(sent.is_ascii(), "{sent}");
        assert!(sent.contains("Subject: =?utf-8?b?") || sent.contains("=?utf-8?"), "{sent}");
    }
}
