//! The parts of a CSAF document that the product reads, named as in the standard, for 2.0 and 2.1 at once.
//!
//! What only one of the two versions has is read in both: a document between the two is read whole.

use super::field::{Entries, List, Number, Text, object};

object! {
    /// The document root.
    Csaf {
        document: Box<Document<'a>>,
        product_tree: Box<ProductTree<'a>>,
        vulnerabilities: List<Vulnerability<'a>>,
        x_extensions: List<Extension<'a>>,
    }

    Document {
        csaf_version: Text<'a>,
        category: Text<'a>,
        title: Text<'a>,
        lang: Text<'a>,
        source_lang: Text<'a>,
        publisher: Publisher<'a>,
        tracking: Tracking<'a>,
        distribution: Distribution<'a>,
        aggregate_severity: AggregateSeverity<'a>,
        notes: List<Note<'a>>,
        references: List<Reference<'a>>,
        x_extensions: List<Extension<'a>>,
    }

    Publisher {
        category: Text<'a>,
        name: Text<'a>,
        namespace: Text<'a>,
    }

    Tracking {
        id: Text<'a>,
        version: Text<'a>,
        status: Text<'a>,
        initial_release_date: Text<'a>,
        current_release_date: Text<'a>,
        aliases: List<Text<'a>>,
        revision_history: List<Revision<'a>>,
        generator: Generator<'a>,
    }

    Generator {
        engine: Engine<'a>,
    }

    Engine {
        name: Text<'a>,
    }

    Revision {
        number: Text<'a>,
        date: Text<'a>,
        summary: Text<'a>,
    }

    Distribution {
        text: Text<'a>,
        tlp: Tlp<'a>,
        /// 2.1.
        sharing_group: SharingGroup<'a>,
    }

    SharingGroup {
        id: Text<'a>,
    }

    Tlp {
        label: Text<'a>,
    }

    AggregateSeverity {
        text: Text<'a>,
    }

    Note {
        category: Text<'a>,
        title: Text<'a>,
        text: Text<'a>,
        product_ids: List<Text<'a>>,
        group_ids: List<Text<'a>>,
    }

    Reference {
        category: Text<'a>,
        url: Text<'a>,
        summary: Text<'a>,
    }

    /// A part that another standard defines (2.1, section 2.4).
    Extension {
        schema = "$schema": Text<'a>,
        category: Text<'a>,
    }

    ProductTree {
        branches: List<Branch<'a>>,
        full_product_names: List<FullProductName<'a>>,
        product_groups: List<ProductGroup<'a>>,
        /// 2.0.
        relationships: List<Relationship<'a>>,
        /// 2.1.
        product_paths: List<ProductPath<'a>>,
    }

    Branch {
        category: Text<'a>,
        name: Text<'a>,
        product: Box<FullProductName<'a>>,
        branches: List<Branch<'a>>,
    }

    FullProductName {
        product_id: Text<'a>,
        name: Text<'a>,
        product_identification_helper: Box<Helper<'a>>,
        x_extensions: List<Extension<'a>>,
    }

    Helper {
        model_numbers: List<Text<'a>>,
        skus: List<Text<'a>>,
        serial_numbers: List<Text<'a>>,
        cpe: Text<'a>,
        /// 2.1.
        purls: List<Text<'a>>,
        /// 2.0.
        purl: Text<'a>,
        hashes: List<Hash<'a>>,
        sbom_urls: List<Text<'a>>,
        x_generic_uris: List<GenericUri<'a>>,
    }

    Hash {
        filename: Text<'a>,
        file_hashes: List<FileHash<'a>>,
    }

    FileHash {
        algorithm: Text<'a>,
        value: Text<'a>,
    }

    GenericUri {
        namespace: Text<'a>,
        uri: Text<'a>,
    }

    ProductGroup {
        group_id: Text<'a>,
        summary: Text<'a>,
        product_ids: List<Text<'a>>,
    }

    Relationship {
        category: Text<'a>,
        product_reference: Text<'a>,
        relates_to_product_reference: Text<'a>,
        full_product_name: Box<FullProductName<'a>>,
    }

    ProductPath {
        beginning_product_reference: Text<'a>,
        full_product_name: Box<FullProductName<'a>>,
        subpaths: List<Subpath<'a>>,
    }

    Subpath {
        category: Text<'a>,
        next_product_reference: Text<'a>,
    }

    Vulnerability {
        cve: Text<'a>,
        title: Text<'a>,
        ids: List<Id<'a>>,
        /// 2.0 (one) and 2.1 (a list).
        cwe: Cwe<'a>,
        cwes: List<Cwe<'a>>,
        notes: List<Note<'a>>,
        references: List<Reference<'a>>,
        product_status: Entries<'a, List<Text<'a>>>,
        /// 2.0.
        scores: List<Metric<'a>>,
        /// 2.1.
        metrics: List<Metric<'a>>,
        remediations: List<Remediation<'a>>,
        threats: List<Remark<'a>>,
        flags: List<Remark<'a>>,
        involvements: List<Remark<'a>>,
        first_known_exploitation_dates: List<Remark<'a>>,
        x_extensions: List<Extension<'a>>,
    }

    Id {
        system_name: Text<'a>,
        text: Text<'a>,
    }

    Cwe {
        id: Text<'a>,
    }

    /// An item of `scores` (2.0: the scores lie in it) or of `metrics` (2.1: they lie in its `content`).
    Metric {
        products: List<Text<'a>>,
        cvss_v2: Cvss<'a>,
        cvss_v3: Cvss<'a>,
        cvss_v4: Cvss<'a>,
        source: Text<'a>,
        content: Box<MetricContent<'a>>,
    }

    MetricContent {
        cvss_v2: Cvss<'a>,
        cvss_v3: Cvss<'a>,
        cvss_v4: Cvss<'a>,
        epss: Epss<'a>,
        ssvc_v2: Ssvc<'a>,
        qualitative_severity_rating: Text<'a>,
        x_extensions: List<Extension<'a>>,
    }

    Cvss {
        version: Text<'a>,
        vector_string = "vectorString": Text<'a>,
        base_score = "baseScore": Number,
    }

    Epss {
        probability: Text<'a>,
        percentile: Text<'a>,
    }

    Ssvc {
        selections: List<Selection<'a>>,
    }

    Selection {
        name: Text<'a>,
        key: Text<'a>,
        values: List<SelectionValue<'a>>,
    }

    SelectionValue {
        name: Text<'a>,
        key: Text<'a>,
    }

    Remediation {
        category: Text<'a>,
        details: Text<'a>,
        url: Text<'a>,
        date: Text<'a>,
        entitlements: List<Text<'a>>,
        restart_required: Restart<'a>,
        product_ids: List<Text<'a>>,
        group_ids: List<Text<'a>>,
    }

    Restart {
        category: Text<'a>,
    }

    /// A threat, a flag, an involvement or a first known exploitation: one text for some products.
    Remark {
        category: Text<'a>,
        details: Text<'a>,
        label: Text<'a>,
        party: Text<'a>,
        status: Text<'a>,
        summary: Text<'a>,
        exploitation_date: Text<'a>,
        product_ids: List<Text<'a>>,
        group_ids: List<Text<'a>>,
    }
}
