#include "vuln/feeds/advisory.h"

#include <algorithm>

#include "base/text.h"
#include "vuln/identity/cpe.h"

namespace hf::vuln {
namespace {

void add_cpe_key(std::string_view kind, std::string_view name, std::vector<std::string>& keys) {
  const auto cpe = Cpe::parse(name);
  if (!cpe || cpe->is_any(CpeAttribute::product)) return;  // a criteria for every product of a vendor finds nothing
  keys.push_back(product_key(kind, cpe->plain(CpeAttribute::product), cpe->plain(CpeAttribute::vendor)));
}

void add_node_keys(const CpeNode& node, std::vector<std::string>& keys) {
  for (const auto& match : node.matches) add_cpe_key(match.vulnerable ? "cpe" : "on", match.criteria, keys);
  for (const auto& child : node.children) add_node_keys(child, keys);
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

std::string product_key(std::string_view kind, std::string_view product, std::string_view vendor) {
  // ':' separates, so it may not stand in a product; a vendor comes last and may hold anything.
  auto folded = fold_name(product);
  std::replace(folded.begin(), folded.end(), ':', '_');
  return std::string(kind) + ":" + folded + ":" + fold_name(vendor);
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

std::vector<std::string> keys_of(const Advisory& advisory) {
  std::vector<std::string> keys;
  for (const auto& statement : advisory.statements) {
    if (!statement.purl.empty()) keys.push_back("purl:" + statement.purl);
    if (!statement.repo.empty()) keys.push_back("git:" + statement.repo);
    for (const auto& cpe : statement.cpes) add_cpe_key("cpe", cpe, keys);
    if (!statement.product.empty()) keys.push_back(product_key("text", statement.product, statement.vendor));
  }
  for (const auto& configuration : advisory.configurations) add_node_keys(configuration.root, keys);
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

}  // namespace hf::vuln
