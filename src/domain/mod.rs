//! The words of the field and the rules between them, in order of dependency: a file here may use only files
//! listed above it. Nothing in this folder reads a file, asks the clock or waits.
//!
//! * **verdict** – what is said about one device and one advisory: affected, possible, not affected; and the doubts.
//! * **vendor** – who supplies a product; one vendor has many names, brands and former owners.
//! * **firmware** – the version text that a device shows, read into a partial order.
//! * **version range** – the version text of an advisory's product: which firmwares it means.
//! * **order number** – the article or catalogue number that identifies a product best.
//! * **identifier** – a CPE, package URL or digest that identifies a product whatever it is called.
//! * **model** – the name on the type plate: designators, series and family words.
//! * **catalogue** – built-in knowledge as data: vendors, families, order-number schemes; the user's entries lie over it.
//! * **nameplate** – what a device says of itself; a *variant* is a nameplate with a firmware.
//! * **remediation** – what an advisory tells the owner to do.
//! * **cvss** – the severity that a vector of metrics stands for.
//! * **product** – one leaf of an advisory's product tree.
//! * **source** – a configured place that advisories come from; its health, and how far its documents are trusted.
//! * **advisory** – one security advisory (a CSAF document) in one revision.
//! * **provider** – what somebody who offers advisories says of himself: role, lists of documents, keys.
//! * **advisory search** – the fields by which advisories are found and sorted, and a question about many of them.
//! * **advisory diff** – what is different between two revisions of an advisory.
//! * **witness** – several documents that speak of one finding: which leads, and where they contradict each other.
//! * **advisory note** – what people keep beside an advisory: comments, read marks; and the row of a list.
//! * **mark** – what the owner says he does about an exposure, and why.
//! * **priority** – the explained order of work: exploited, severity, then the rest.
//! * **product index** – all products of all advisories, found by order number and designator.
//! * **matching** – which products of which advisories a variant is, with evidence.
//! * **inventory** – one import of one file: its rows, warnings and rejects.
//! * **inventory draft** – an uploaded file on its way to an import, with what was chosen so far.
//! * **asset** – one installed device at a site.
//! * **asset past** – what an asset was at an earlier moment, and what differs between two of them.
//! * **site** – where assets stand, and how many of them in each of the six places.
//! * **account** – who may see and do what: a role, and the sites for which it holds.
//! * **audit** – who did what when, and what was before.
//! * **lint** – what is odd about advisory documents.
//! * **worklist** – which readings at which devices turn "possible" into yes or no.
//! * **review** – questions to people that turn "possible" into yes or no, and their answers.
//! * **exposure** – one stretch of time in which one advisory speaks about one variant; the diff of two runs.
//! * **bundle** – one signed file that carries what a site without a network needs.
//! * **rescan** – one run of the matcher over all variants, and what it counted.
//! * **job** – long work that was started and goes on by itself.
//! * **filter** – which exposures a list, an export, an alert or a plan means.
//! * **listing** – what lists show of exposures, and the sums of a site above them.
//! * **change** – what became different for the owner between two runs, and why.
//! * **alert** – who hears of which change: rules, recipients, what a message tells.
//! * **outbox** – messages on their way out, whatever the channel.
//! * **schedule** – when the nightly run is due.
//! * **nightly** – the chain of steps that a night runs through, and what each came to.
//! * **plan** – a shutdown: which firmware step closes what, and what was read back.
//! * **evidence** – the record of what was evaluated when, and whom it concerns.
//! * **trend** – how exposures and what is known of assets went over time.

pub mod verdict;

pub mod vendor;

pub mod firmware;

pub mod version_range;

pub mod order_number;

pub mod identifier;

pub mod model;

pub mod catalogue;

pub mod core_name;

pub mod nameplate;

pub mod remediation;

pub mod cvss;

pub mod product;

pub mod source;

pub mod advisory;

pub mod advisory_search;

pub mod advisory_diff;

pub mod provider;
pub mod witness;

pub mod advisory_note;
pub mod mark;

pub mod priority;

pub mod product_index;

pub mod matching;

pub mod inventory;

pub mod inventory_draft;

pub mod asset;

pub mod asset_past;

pub mod site;

pub mod account;

pub mod audit;

pub mod lint;

pub mod worklist;

pub mod review;

pub mod exposure;

pub mod rescan;

pub mod bundle;

pub mod job;

pub mod filter;

pub mod listing;

pub mod change;

pub mod alert;

pub mod outbox;

pub mod schedule;

pub mod nightly;

pub mod plan;

pub mod evidence;

pub mod trend;
