#include "vuln/match/vendor.h"

#include <algorithm>

#include "base/text.h"
#include "vuln/feeds/vendor_table.h"

namespace hf::vuln {
namespace {

std::string_view without_dress(std::string_view vendor) {
  if (vendor.starts_with("the_")) vendor.remove_prefix(4);
  for (const std::string_view suffix :
       {"_project", "_foundation", ",_inc.", "_inc.", "_inc", "_ltd", "_ltd.", "_team", "_gmbh"})
    if (vendor.size() > suffix.size() && vendor.ends_with(suffix))
      return vendor.substr(0, vendor.size() - suffix.size());
  return vendor;
}

std::string_view known_name(std::string_view vendor) {
  for (const auto& row : kVendorNames)
    if (row.written == vendor) return row.vendor;
  return without_dress(vendor);
}

bool is_maker(std::string_view product, std::string_view vendor) {
  for (const auto& row : kProductMakers) {
    if (row.product != product) continue;
    for (const auto maker : split(row.vendors, ' '))
      if (maker == vendor || without_dress(maker) == vendor) return true;
  }
  return false;
}
bool has_makers(std::string_view product) {
  return std::any_of(kProductMakers.begin(), kProductMakers.end(),
                     [&](const ProductMakers& row) { return row.product == product; });
}

bool same_vendor(std::string_view product, std::string_view a, std::string_view b) {
  return known_name(a) == known_name(b) || (is_maker(product, a) && is_maker(product, b));
}

}  // namespace

std::string_view name_of(Identity identity) {
  switch (identity) {
    case Identity::none: return "none";
    case Identity::candidate: return "candidate";
    case Identity::unique_product: return "unique_product";
    case Identity::alias: return "alias";
    case Identity::exact: return "exact";
  }
  return "";
}

void ProductDictionary::add(const ProductVendor& pair) {
  auto& pairs = by_product_[pair.product];
  if (std::find(pairs.begin(), pairs.end(), pair) == pairs.end()) pairs.push_back(pair);
}

const std::vector<ProductVendor>& ProductDictionary::of(std::string_view product) const {
  static const std::vector<ProductVendor> kNone;
  const auto at = by_product_.find(product);
  return at == by_product_.end() ? kNone : at->second;
}

bool ProductDictionary::has_part(std::string_view product, char part) const {
  const auto& pairs = of(product);
  return std::any_of(pairs.begin(), pairs.end(), [&](const ProductVendor& pair) { return pair.part == part; });
}

Identity judge_vendor(std::string_view product_text, std::string_view claimed_text, std::string_view named_text,
                      const ProductDictionary& dictionary) {
  const auto product = fold_name(product_text), claimed = fold_name(claimed_text), named = fold_name(named_text);
  const bool silent = claimed.empty() || claimed == "*" || claimed == "-";
  if (named.empty() || named == "*" || named == "-") return Identity::candidate;
  if (!silent) {
    if (claimed == named) return Identity::exact;
    if (same_vendor(product, claimed, named)) return Identity::alias;
    // A vendor that the dictionary pairs with this product is another maker's product of the same name.
    const auto& pairs = dictionary.of(product);
    const bool known =
        std::any_of(pairs.begin(), pairs.end(), [&](const ProductVendor& pair) { return pair.vendor == named; });
    const bool claimed_known =
        std::any_of(pairs.begin(), pairs.end(), [&](const ProductVendor& pair) { return pair.vendor == claimed; });
    return known || claimed_known ? Identity::none : Identity::candidate;
  }
  if (has_makers(product))
    return is_maker(product, known_name(named)) || is_maker(product, named) ? Identity::alias : Identity::none;
  std::string only;
  for (const auto& pair : dictionary.of(product)) {
    if (only.empty()) only = pair.vendor;
    else if (only != pair.vendor) return Identity::candidate;
  }
  if (only.empty()) return Identity::candidate;
  return only == named || same_vendor(product, only, named) ? Identity::unique_product : Identity::candidate;
}

}  // namespace hf::vuln
