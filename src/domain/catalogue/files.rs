//! The data files that are compiled in.

/// What a file may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Vendors,
    Schemes,
    Words,
    Families,
    /// A user's alias pack: vendors, families and decisions.
    Pack,
}

/// One data file.
#[derive(Clone, Copy, Debug)]
pub(super) struct CatalogueFile<'a> {
    pub name: &'a str,
    pub text: &'a str,
    pub role: Role,
}

macro_rules! file {
    ($role:ident, $name:literal) => {
        CatalogueFile { name: $name, text: include_str!($name), role: Role::$role }
    };
}

/// All built-in files. A new family file needs its line here.
pub(super) fn built_in() -> Vec<CatalogueFile<'static>> {
    vec![
        file!(Vendors, "vendors.toml"),
        file!(Words, "generic_words.toml"),
        file!(Schemes, "schemes.toml"),
        file!(Families, "families/siemens.toml"),
        file!(Families, "families/schneider_electric.toml"),
        file!(Families, "families/rockwell_automation.toml"),
        file!(Families, "families/mitsubishi_electric.toml"),
        file!(Families, "families/omron.toml"),
        file!(Families, "families/delta_electronics.toml"),
        file!(Families, "families/advantech.toml"),
        file!(Families, "families/yokogawa.toml"),
        file!(Families, "families/moxa.toml"),
        file!(Families, "families/fuji_electric.toml"),
        file!(Families, "families/others_asia.toml"),
        file!(Families, "families/phoenix_contact.toml"),
        file!(Families, "families/wago.toml"),
        file!(Families, "families/hirschmann.toml"),
        file!(Families, "families/others_europe.toml"),
        file!(Families, "families/eaton.toml"),
        file!(Families, "families/abb.toml"),
        file!(Families, "families/hitachi_energy.toml"),
        file!(Families, "families/general_electric.toml"),
        file!(Families, "families/emerson.toml"),
        file!(Families, "families/honeywell.toml"),
        file!(Families, "families/building_automation.toml"),
        file!(Families, "families/sel.toml"),
        file!(Families, "families/meters.toml"),
        file!(Families, "families/software.toml"),
        file!(Families, "families/others.toml"),
    ]
}
