use super::*;

#[test]
fn the_built_in_files_have_no_problem() {
    let (_, problems) = data::load(&files::built_in());
    let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{}", text.join("\n"));
}

#[test]
fn vendors_are_found_under_all_their_names() {
    let catalogue = Catalogue::built_in();
    for (text, name) in [
        ("SE", "Schneider Electric"),
        ("Schneider Elec.", "Schneider Electric"),
        ("Telemecanique", "Schneider Electric"),
        ("SIEMENS AG", "Siemens"),
        ("Siemens SIMATIC", "Siemens"),
        ("A-B", "Rockwell Automation"),
        ("Allen Bradley", "Rockwell Automation"),
    ] {
        let set = catalogue.resolve_vendors(text);
        let names: Vec<&str> = set.known().iter().map(|v| catalogue.vendor(*v).name.as_str()).collect();
        assert!(names.contains(&name), "{text}: {names:?}");
    }
    assert!(catalogue.resolve_vendors("").is_empty());
    assert!(!catalogue.resolve_vendors("Unheard-of Widgets").is_known());
}

#[test]
fn a_pack_lies_over_the_built_in_entries() {
    let pack = r#"
[[family]]
name = "PowerLogic PM9900"
vendor = "Schneider Electric"
kind = "hardware"
models = ["PM99##*"]
source = "our own plant"
author = "M. Okafor"
date = "2026-11-03"

[[decision]]
model = "Meter 7"
product_vendor = "Schneider Electric"
product = "PowerLogic PM8000"
is_product = true
author = "M. Okafor"
date = "2026-11-03"
"#;
    let catalogue = Catalogue::with_packs(&[("plant.toml", pack)]).unwrap();
    assert_eq!(catalogue.families_of_member("pm9910").len(), 1);
    let device = catalogue.device_key("", "meter-7", "");
    let decided = catalogue.decisions().of(&device, &Holder::default());
    let products: Vec<&str> = decided.iter().map(|d| d.product_key.as_str()).collect();
    assert_eq!(products, [catalogue.product_key("schneider electric", "powerlogic pm8000")]);
}

#[test]
fn all_spellings_of_a_nameplate_have_one_key() {
    let catalogue = Catalogue::built_in();
    let key = catalogue.device_key("Schneider Electric", "ION7400", "");
    for (vendor, model) in [("SE", "ION 7400"), ("schneider electric SE", "ION-7400"), ("Schneider", "ion 7400")] {
        assert_eq!(catalogue.device_key(vendor, model, ""), key, "{vendor} {model}");
    }
    assert_ne!(catalogue.device_key("Siemens", "ION7400", ""), key);
    assert_ne!(catalogue.device_key("", "ION7400", ""), key);
}

#[test]
fn wrong_entries_are_told_with_what_was_expected() {
    for (pack, part) in [
        ("[[family]]\nname = \"X\"\nvendor = \"Nobody\"\nkind = \"hardware\"\nsource = \"s\"", "main name of a vendor"),
        ("[[vendor]]\nname = \"X\"\nsource = \"\"", "expected a source"),
        ("[[vendor]]\nname = \"X\"\nsource = \"s\"\naliases = [\"x\"]", "once"),
        ("[[vendor]]\nnam = \"X\"", "unknown field"),
        (
            "[[vendor]]\nname=\"V\"\nsource=\"s\"\n[[family]]\nname=\"A\"\nvendor=\"V\"\nkind=\"hardware\"\nwithin=\"A\"\nsource=\"s\"",
            "circle",
        ),
    ] {
        let problems = Catalogue::with_packs(&[("p.toml", pack)]).unwrap_err();
        assert!(problems.iter().any(|p| p.message.contains(part)), "{pack}: {problems:?}");
    }
}
