#include "vuln/feeds/advisory.h"

#include <algorithm>

#include "base/text.h"
#include "vuln/feeds/vendor_table.h"
#include "vuln/identity/cpe.h"

namespace hf::vuln {
namespace {

// Calls back for every CPE name of the record that names a product.
template <class F>
void each_node_cpe(const CpeNode& node, F&& visit) {
  for (const auto& match : node.matches)
    if (const auto cpe = Cpe::parse(match.criteria)) visit(*cpe, match.vulnerable);
  for (const auto& child : node.children) each_node_cpe(child, visit);
}
template <class F>
void each_cpe(const Advisory& advisory, F&& visit) {
  const auto named = [&](const Cpe& cpe, bool vulnerable) {
    if (!cpe.is_any(CpeAttribute::product) && !cpe.is_na(CpeAttribute::product)) visit(cpe, vulnerable);
  };
  for (const auto& statement : advisory.statements)
    for (const auto& text : statement.cpes)
      if (const auto cpe = Cpe::parse(text)) named(*cpe, true);
  for (const auto& configuration : advisory.configurations) each_node_cpe(configuration.root, named);
}

template <class T>
void sort_unique(std::vector<T>& items) {
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
}

}  // namespace

std::string_view name_of(Feed feed) {
  switch (feed) {
    case Feed::cve5: return "cve5";
    case Feed::nvd: return "nvd";
    case Feed::osv: return "osv";
  }
  return "";
}

std::string_view name_of(Status status) {
  switch (status) {
    case Status::unknown: return "unknown";
    case Status::affected: return "affected";
    case Status::unaffected: return "unaffected";
  }
  return "";
}

std::string_view name_of(Reading reading) {
  switch (reading) {
    case Reading::stated: return "stated";
    case Reading::lenient: return "lenient";
    case Reading::unreadable: return "unreadable";
  }
  return "";
}

std::string fold_name(std::string_view name) {
  auto folded = to_lower(trim(name));
  for (char& c : folded)
    if (c == ' ' || c == '-' || c == '\t') c = '_';
  return folded;
}

std::string repo_key(std::string_view url) {
  url = trim(url);
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  else if (url.starts_with("git+")) url.remove_prefix(4);
  url = url.substr(0, url.find_first_of("?#"));
  const auto slash = url.find('/');
  if (const auto at = url.find('@'); at != std::string_view::npos && at < slash) url.remove_prefix(at + 1);
  std::string key = to_lower(url);
  // scp form: the first ':' separates host and path, unless a port number follows it.
  if (const auto colon = key.find(':'); colon != std::string::npos && colon < key.find('/')) {
    const auto end = std::min(key.find('/'), key.size());
    const bool port = end > colon + 1 && key.find_first_not_of("0123456789", colon + 1) >= end;
    if (port) key.erase(colon, end - colon);
    else key[colon] = '/';
  }
  while (key.ends_with('/')) key.pop_back();
  if (key.ends_with(".git")) key.resize(key.size() - 4);
  if (key.starts_with("www.")) key.erase(0, 4);
  return key.find('/') == std::string::npos ? std::string() : key;
}

std::vector<std::string> product_names_of(const Statement& statement) {
  std::vector<std::string> names;
  if (auto product = fold_name(statement.product); !product.empty()) {
    const auto vendor = fold_name(statement.vendor);
    for (const auto& row : kProductNames)
      if (row.vendor == vendor && row.written == product) names.emplace_back(row.product);
    names.push_back(std::move(product));
  }
  for (const auto& text : statement.cpes)
    if (const auto cpe = Cpe::parse(text);
        cpe && !cpe->is_any(CpeAttribute::product) && !cpe->is_na(CpeAttribute::product))
      names.push_back(fold_name(cpe->plain(CpeAttribute::product)));
  sort_unique(names);
  return names;
}

std::vector<std::string> lookup_keys(const Advisory& advisory) {
  std::vector<std::string> keys;
  for (const auto& statement : advisory.statements) {
    if (!statement.purl.empty()) keys.push_back("purl:" + statement.purl);
    if (!statement.repo.empty()) keys.push_back("git:" + statement.repo);
    for (const auto& product : product_names_of(statement)) keys.push_back("product:" + product);
  }
  each_cpe(advisory, [&](const Cpe& cpe, bool vulnerable) {
    keys.push_back((vulnerable ? "product:" : "on:") + fold_name(cpe.plain(CpeAttribute::product)));
  });
  sort_unique(keys);
  return keys;
}

std::vector<ProductVendor> product_vendors_of(const Advisory& advisory) {
  std::vector<ProductVendor> pairs;
  each_cpe(advisory, [&](const Cpe& cpe, bool) {
    if (cpe.is_any(CpeAttribute::vendor) || cpe.is_na(CpeAttribute::vendor)) return;
    pairs.push_back({fold_name(cpe.plain(CpeAttribute::product)), fold_name(cpe.plain(CpeAttribute::vendor)),
                     cpe[CpeAttribute::part].front()});
  });
  sort_unique(pairs);
  return pairs;
}

}  // namespace hf::vuln
