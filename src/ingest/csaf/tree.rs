//! The product tree: every product with its path, and what ids and groups stand for.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::extension::check_extensions;
use super::field::{Field, List, Text};
use super::model::{Branch as BranchPart, FullProductName, GenericUri, Hash, Helper, ProductGroup, ProductTree};
use super::place::Place;
use super::reader::{Reader, shorten};
use super::relationship::{self, Draft};
use super::warning::CsafWarningKind;
use crate::domain::advisory;
use crate::domain::product::{Branch, BranchCategory, IdentificationHelper, Product};

/// The products of a document, and the way from ids to them.
#[derive(Debug, Default)]
pub struct Products<'a> {
    pub products: Vec<Product>,
    first_with_id: FxHashMap<Cow<'a, str>, u32>,
    /// Products whose id an earlier product has, by the index of that one.
    twins: FxHashMap<u32, Vec<u32>>,
    groups: FxHashMap<Cow<'a, str>, Vec<u32>>,
    /// The groups in the order of the document.
    pub listed_groups: Vec<advisory::ProductGroup>,
}

/// Reads the tree of a document.
pub fn read_tree<'a>(reader: &mut Reader, tree: ProductTree<'a>, place: &Place<'_>) -> Products<'a> {
    reader.check_repeated(tree.repeated, place);
    let mut products = Products::default();

    let branches_place = place.key("branches");
    let branches = reader.list(tree.branches, &branches_place);
    read_branches(reader, &mut products, branches, &branches_place, &mut Vec::new());

    let names_place = place.key("full_product_names");
    for (i, name) in reader.list(tree.full_product_names, &names_place).into_iter().enumerate() {
        let place = names_place.index(i);
        if let Some(name) = reader.take(name, &place) {
            products.add(reader, name, &[], &place, &place);
        }
    }

    let mut drafts = Vec::new();
    read_relationships(reader, &mut products, tree.relationships, &place.key("relationships"), &mut drafts);
    read_product_paths(reader, &mut products, tree.product_paths, &place.key("product_paths"), &mut drafts);
    relationship::settle(reader, &mut products, drafts);

    read_groups(reader, &mut products, tree.product_groups, &place.key("product_groups"));
    products
}

/// Recursion here is as deep as the JSON was nested, which the JSON reader bounds at 127 levels.
fn read_branches<'a>(
    reader: &mut Reader,
    products: &mut Products<'a>,
    branches: List<BranchPart<'a>>,
    place: &Place<'_>,
    path: &mut Vec<Branch>,
) {
    for (i, branch) in branches.into_iter().enumerate() {
        let place = place.index(i);
        let Some(branch) = reader.take(branch, &place) else { continue };
        reader.check_repeated(branch.repeated, &place);
        let category = BranchCategory::from_word(&reader.required(branch.category, &place, "category"));
        if let BranchCategory::Other(word) = &category
            && !word.is_empty()
        {
            let detail = format!("`{}` is no branch category of the standard; kept", shorten(word));
            reader.warn(CsafWarningKind::UnknownWord, &place.key("category"), detail);
        }
        let name = reader.optional(branch.name, &place, "name").unwrap_or_default();
        if name.is_empty() {
            reader.warn(CsafWarningKind::BlankName, &place, format!("the {} has no name", category.word()));
        }
        path.push(Branch { category, name });

        let product = reader.member(branch.product, &place, "product");
        let children_place = place.key("branches");
        let children = reader.list(branch.branches, &children_place);
        if product.is_none() && children.is_empty() {
            let name = path.last().map_or("", |branch| &branch.name);
            let detail = format!("branch `{}` ends without a product", shorten(name));
            reader.warn(CsafWarningKind::BranchWithoutProduct, &place, detail);
        }
        if let Some(product) = product {
            products.add(reader, *product, path, &place, &place.key("product"));
        }
        read_branches(reader, products, children, &children_place, path);
        path.pop();
    }
}

impl<'a> Products<'a> {
    /// Adds a product and gives its index; `None` when the document is too large to go on.
    pub fn add(
        &mut self,
        reader: &mut Reader,
        part: FullProductName<'a>,
        path: &[Branch],
        entry: &Place<'_>,
        place: &Place<'_>,
    ) -> Option<u32> {
        reader.check_repeated(part.repeated, place);
        reader.unfold(path.iter().map(|branch| size_of::<Branch>() + branch.name.len()).sum());
        let index = u32::try_from(self.products.len()).ok().filter(|_| !reader.is_too_large())?;
        let name = reader.optional(part.name, place, "name").unwrap_or_default();
        if name.is_empty() {
            reader.warn(CsafWarningKind::BlankName, place, "the product has no name");
        }
        let product_id = match reader.member(part.product_id, place, "product_id") {
            Some(Text(id)) if !id.is_empty() => {
                let text = id.as_ref().to_owned();
                self.name_product(reader, id, index, place);
                text
            }
            _ => {
                let detail = "expected `product_id`, found none; nothing can refer to this product";
                reader.warn(CsafWarningKind::MissingField, place, detail);
                String::new()
            }
        };
        check_extensions(reader, part.x_extensions, place);
        let helper = reader.member(part.product_identification_helper, place, "product_identification_helper");
        let helper_place = place.key("product_identification_helper");
        let helper = helper.map(|helper| read_helper(reader, *helper, &helper_place)).unwrap_or_default();
        self.products.push(Product {
            product_id,
            name,
            branches: path.to_vec(),
            helper,
            pointer: entry.to_string(),
            relationship: None,
        });
        Some(index)
    }

    fn name_product(&mut self, reader: &mut Reader, id: Cow<'a, str>, index: u32, place: &Place<'_>) {
        let first = *self.first_with_id.entry(id.clone()).or_insert(index);
        if first != index {
            self.twins.entry(first).or_default().push(index);
            let first = self.products.get(first as usize).map_or("", |product| &product.pointer);
            let detail =
                format!("`{}` is already the id of the product at `{first}`; it stands for both", shorten(&id));
            reader.warn(CsafWarningKind::DuplicateProductId, &place.key("product_id"), detail);
        }
    }

    /// The first product with this id.
    pub fn first(&self, id: &str) -> Option<u32> {
        self.first_with_id.get(id).copied()
    }

    /// Appends the products with this id, or those of a group that an author put among products. Says whether any.
    fn push_with_id(&self, reader: &mut Reader, id: &str, found: &mut Vec<u32>) -> bool {
        let n_before = found.len();
        if let Some(first) = self.first(id) {
            found.push(first);
            found.extend(self.twins.get(&first).into_iter().flatten());
        } else if let Some(group) = self.groups.get(id) {
            self.push_group(reader, group, found);
        } else {
            return false;
        }
        reader.unfold((found.len() - n_before) * size_of::<u32>());
        true
    }

    fn push_group(&self, reader: &mut Reader, group: &[u32], found: &mut Vec<u32>) {
        reader.unfold(size_of_val(group));
        if !reader.is_too_large() {
            found.extend(group);
        }
    }

    /// The products that a list of product ids and a list of group ids name together: sorted, each once.
    pub fn resolve(
        &self,
        reader: &mut Reader,
        product_ids: Field<List<Text<'_>>>,
        group_ids: Field<List<Text<'_>>>,
        place: &Place<'_>,
    ) -> Vec<u32> {
        let mut found = self.resolve_ids(reader, product_ids, &place.key("product_ids"));
        if !matches!(group_ids, Field::Missing) {
            let place = place.key("group_ids");
            for (i, id) in reader.list(group_ids, &place).into_iter().enumerate() {
                let place = place.index(i);
                let Some(Text(id)) = reader.take(id, &place) else { continue };
                match self.groups.get(&id) {
                    Some(group) => self.push_group(reader, group, &mut found),
                    None => {
                        let detail = format!("no product group has the id `{}`", shorten(&id));
                        reader.warn(CsafWarningKind::UndefinedGroupId, &place, detail);
                    }
                }
            }
            found.sort_unstable();
            found.dedup();
        }
        found
    }

    /// The products that a list of product ids names: sorted, each once.
    pub fn resolve_ids(&self, reader: &mut Reader, ids: Field<List<Text<'_>>>, place: &Place<'_>) -> Vec<u32> {
        let ids = reader.list(ids, place);
        let mut found = Vec::with_capacity(ids.len());
        for (i, id) in ids.into_iter().enumerate() {
            let id = match id {
                Field::Given(id) => id,
                odd => match reader.take(odd, &place.index(i)) {
                    Some(id) => id,
                    None => continue,
                },
            };
            if !self.push_with_id(reader, &id.0, &mut found) {
                let detail = format!("no product has the id `{}`", shorten(&id.0));
                reader.warn(CsafWarningKind::UndefinedProductId, &place.index(i), detail);
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn read_helper(reader: &mut Reader, part: Helper<'_>, place: &Place<'_>) -> IdentificationHelper {
    reader.check_repeated(part.repeated, place);
    let mut purls = reader.texts(part.purls, place, "purls");
    purls.extend(reader.optional(part.purl, place, "purl"));
    IdentificationHelper {
        model_numbers: reader.texts(part.model_numbers, place, "model_numbers"),
        skus: reader.texts(part.skus, place, "skus"),
        serial_numbers: reader.texts(part.serial_numbers, place, "serial_numbers"),
        cpe: reader.optional(part.cpe, place, "cpe"),
        purls,
        hashes: read_hashes(reader, part.hashes, &place.key("hashes")),
        sbom_urls: reader.texts(part.sbom_urls, place, "sbom_urls"),
        generic_uris: read_generic_uris(reader, part.x_generic_uris, &place.key("x_generic_uris")),
    }
}

/// Digests as `sha256 <value> firmware.bin`.
fn read_hashes(reader: &mut Reader, hashes: Field<List<Hash<'_>>>, place: &Place<'_>) -> Vec<String> {
    let mut texts = Vec::new();
    for (i, part) in reader.list(hashes, place).into_iter().enumerate() {
        let place = place.index(i);
        let Some(part) = reader.take(part, &place) else { continue };
        let file = reader.optional(part.filename, &place, "filename").unwrap_or_default();
        let place = place.key("file_hashes");
        for (i, digest) in reader.list(part.file_hashes, &place).into_iter().enumerate() {
            let place = place.index(i);
            let Some(digest) = reader.take(digest, &place) else { continue };
            let algorithm = reader.required(digest.algorithm, &place, "algorithm");
            let value = reader.required(digest.value, &place, "value");
            texts.push(format!("{algorithm} {value} {file}").trim_end().to_owned());
        }
    }
    texts
}

/// Names of other schemes as `<namespace> <uri>`.
fn read_generic_uris(reader: &mut Reader, uris: Field<List<GenericUri<'_>>>, place: &Place<'_>) -> Vec<String> {
    let mut texts = Vec::new();
    for (i, part) in reader.list(uris, place).into_iter().enumerate() {
        let place = place.index(i);
        let Some(part) = reader.take(part, &place) else { continue };
        let namespace = reader.required(part.namespace, &place, "namespace");
        texts.push(format!("{namespace} {}", reader.required(part.uri, &place, "uri")));
    }
    texts
}

fn read_relationships<'a>(
    reader: &mut Reader,
    products: &mut Products<'a>,
    relationships: Field<List<super::model::Relationship<'a>>>,
    place: &Place<'_>,
    drafts: &mut Vec<Draft>,
) {
    for (i, part) in reader.list(relationships, place).into_iter().enumerate() {
        let place = place.index(i);
        let Some(part) = reader.take(part, &place) else { continue };
        reader.check_repeated(part.repeated, &place);
        let step = (
            reader.required(part.category, &place, "category"),
            reader.required(part.relates_to_product_reference, &place, "relates_to_product_reference"),
        );
        let component = reader.required(part.product_reference, &place, "product_reference");
        let name = reader.member(part.full_product_name, &place, "full_product_name").unwrap_or_default();
        if let Some(product) = products.add(reader, *name, &[], &place, &place.key("full_product_name")) {
            drafts.push(Draft { product, component, steps: vec![step] });
        }
    }
}

fn read_product_paths<'a>(
    reader: &mut Reader,
    products: &mut Products<'a>,
    paths: Field<List<super::model::ProductPath<'a>>>,
    place: &Place<'_>,
    drafts: &mut Vec<Draft>,
) {
    for (i, part) in reader.list(paths, place).into_iter().enumerate() {
        let place = place.index(i);
        let Some(part) = reader.take(part, &place) else { continue };
        reader.check_repeated(part.repeated, &place);
        let component = reader.required(part.beginning_product_reference, &place, "beginning_product_reference");
        let steps_place = place.key("subpaths");
        let mut steps = Vec::new();
        for (i, subpath) in reader.list(part.subpaths, &steps_place).into_iter().enumerate() {
            let place = steps_place.index(i);
            if let Some(subpath) = reader.take(subpath, &place) {
                steps.push((
                    reader.required(subpath.category, &place, "category"),
                    reader.required(subpath.next_product_reference, &place, "next_product_reference"),
                ));
            }
        }
        let name = reader.member(part.full_product_name, &place, "full_product_name").unwrap_or_default();
        if let Some(product) = products.add(reader, *name, &[], &place, &place.key("full_product_name")) {
            drafts.push(Draft { product, component, steps });
        }
    }
}

fn read_groups<'a>(
    reader: &mut Reader,
    products: &mut Products<'a>,
    groups: Field<List<ProductGroup<'a>>>,
    place: &Place<'_>,
) {
    for (i, part) in reader.list(groups, place).into_iter().enumerate() {
        let place = place.index(i);
        let Some(part) = reader.take(part, &place) else { continue };
        reader.check_repeated(part.repeated, &place);
        let members = products.resolve_ids(reader, part.product_ids, &place.key("product_ids"));
        let Some(Text(id)) = reader.member(part.group_id, &place, "group_id") else {
            reader.warn(CsafWarningKind::MissingField, &place, "expected `group_id`, found none");
            continue;
        };
        let summary = reader.optional(part.summary, &place, "summary");
        reader.unfold(size_of_val(members.as_slice()));
        products.listed_groups.push(advisory::ProductGroup {
            id: id.clone().into_owned(),
            summary,
            products: members.clone(),
        });
        if let Some(joined) = products.groups.get_mut(&id) {
            joined.extend(members);
            joined.sort_unstable();
            joined.dedup();
            let detail = format!("`{}` is already the id of a group; their products are joined", shorten(&id));
            reader.warn(CsafWarningKind::DuplicateGroupId, &place.key("group_id"), detail);
        } else {
            products.groups.insert(id, members);
        }
    }
}
