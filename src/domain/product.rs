//! One entry of an advisory's product tree.

/// One step of the path to a product: a CSAF branch (2.0 section 3.1.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Branch {
    pub category: BranchCategory,
    pub name: String,
}

/// CSAF branch categories (2.0 section 3.1.2.2, 2.1 section 3.1.2.1); unknown words are kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum BranchCategory {
    Vendor,
    ProductFamily,
    ProductName,
    ProductVersion,
    ProductVersionRange,
    ServicePack,
    PatchLevel,
    Architecture,
    Platform,
    Language,
    HostName,
    Specification,
    Legacy,
    Other(String),
}

impl BranchCategory {
    /// Reads the CSAF word; a word outside the standard becomes `Other`.
    pub fn from_word(word: &str) -> BranchCategory {
        match word {
            "vendor" => BranchCategory::Vendor,
            "product_family" => BranchCategory::ProductFamily,
            "product_name" => BranchCategory::ProductName,
            "product_version" => BranchCategory::ProductVersion,
            "product_version_range" => BranchCategory::ProductVersionRange,
            "service_pack" => BranchCategory::ServicePack,
            "patch_level" => BranchCategory::PatchLevel,
            "architecture" => BranchCategory::Architecture,
            "platform" => BranchCategory::Platform,
            "language" => BranchCategory::Language,
            "host_name" => BranchCategory::HostName,
            "specification" => BranchCategory::Specification,
            "legacy" => BranchCategory::Legacy,
            other => BranchCategory::Other(other.to_owned()),
        }
    }

    /// The CSAF word.
    pub fn word(&self) -> &str {
        match self {
            BranchCategory::Vendor => "vendor",
            BranchCategory::ProductFamily => "product_family",
            BranchCategory::ProductName => "product_name",
            BranchCategory::ProductVersion => "product_version",
            BranchCategory::ProductVersionRange => "product_version_range",
            BranchCategory::ServicePack => "service_pack",
            BranchCategory::PatchLevel => "patch_level",
            BranchCategory::Architecture => "architecture",
            BranchCategory::Platform => "platform",
            BranchCategory::Language => "language",
            BranchCategory::HostName => "host_name",
            BranchCategory::Specification => "specification",
            BranchCategory::Legacy => "legacy",
            BranchCategory::Other(word) => word,
        }
    }
}

/// What a document gives to identify a product entirely (CSAF 2.1 section 3.1.4.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentificationHelper {
    /// With CSAF wildcards `?` and one unescaped `*`.
    pub model_numbers: Vec<String>,
    pub skus: Vec<String>,
    pub serial_numbers: Vec<String>,
    pub cpe: Option<String>,
    pub purls: Vec<String>,
    /// Digests of the product's files, `sha256 <value> firmware.bin`.
    pub hashes: Vec<String>,
    /// Where the product's bill of materials lies.
    pub sbom_urls: Vec<String>,
    /// Names of schemes that the standard does not know, `<namespace> <uri>`.
    pub generic_uris: Vec<String>,
}

/// One product of an advisory: a leaf of its tree, a full product name, or a relationship of two products.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Has meaning only inside its document.
    pub product_id: String,
    /// The `name` of the full_product_name object.
    pub name: String,
    /// The path above the leaf, outermost first; empty for `full_product_names`.
    pub branches: Vec<Branch>,
    pub helper: IdentificationHelper,
    /// JSON pointer of the entry, for example `/product_tree/branches/0/branches/2`.
    pub pointer: String,
    /// For a relationship (2.0) or product path (2.1): the category word and the joined products, as indices
    /// into `Advisory::products`, the installed component first, then what it is installed on.
    pub relationship: Option<Relationship>,
}

/// How one product stands on another: "component `of` base".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relationship {
    /// `installed_on`, `default_component_of`, …
    pub category: String,
    pub component: u32,
    pub base: u32,
    /// The further steps of a product path of CSAF 2.1, which may be longer than one: category word and product,
    /// in the order of the document. Empty for a relationship of 2.0.
    pub further: Vec<(String, u32)>,
}

impl Product {
    /// The names of all branches of this category, outermost first.
    pub fn branch_names<'a>(&'a self, category: &'a BranchCategory) -> impl Iterator<Item = &'a str> {
        self.branches.iter().filter(move |b| &b.category == category).map(|b| b.name.as_str())
    }

    /// The vendor as the tree writes it; blank when it has no vendor branch.
    pub fn vendor(&self) -> &str {
        self.branch_names(&BranchCategory::Vendor).next().unwrap_or("")
    }

    /// The text of the version branch: the innermost `product_version_range`, else the innermost `product_version`.
    pub fn version_text(&self) -> Option<&str> {
        self.branch_names(&BranchCategory::ProductVersionRange)
            .last()
            .or_else(|| self.branch_names(&BranchCategory::ProductVersion).last())
    }
}
