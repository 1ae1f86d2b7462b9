#include "vuln/identity/purl_types.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "base/text.h"

namespace hf::vuln {
namespace {

enum Part : std::uint8_t { kNs = 1, kName = 2, kVersion = 4, kSubpath = 8 };
enum class Namespace : std::uint8_t { optional, required, prohibited };

struct TypeRule {
  std::string_view type;
  Namespace ns = Namespace::optional;
  std::uint8_t lower = 0;        // parts that are not case sensitive
  std::string_view qualifier{};  // one that must be there
};

// In the order of the specification's index. golang: its note says "shall be lowercased" though the field says case
// sensitive; advisories and SBOMs spell Go modules both ways, so we follow the note.
constexpr std::array<TypeRule, 42> kTypes{{
    {"alpm", Namespace::required, kNs | kName},
    {"apk", Namespace::required, kNs | kName},
    {"bazel", Namespace::prohibited},
    {"bitbucket", Namespace::required, kNs | kName},
    {"bitnami", Namespace::prohibited, kName},
    {"brew", Namespace::optional, kNs | kName},
    {"cargo", Namespace::prohibited},
    {"chrome-extension", Namespace::prohibited, kName},
    {"cocoapods", Namespace::prohibited},
    {"composer", Namespace::required, kNs | kName},
    {"conan"},
    {"conda", Namespace::prohibited},
    {"cpan"},
    {"cran", Namespace::prohibited},
    {"deb", Namespace::required, kNs | kName},
    {"docker"},
    {"gem", Namespace::prohibited},
    {"generic"},
    {"git", Namespace::required},
    {"github", Namespace::required, kNs | kName},
    {"golang", Namespace::required, kNs | kName},
    {"hackage", Namespace::prohibited},
    {"hex", Namespace::optional, kNs | kName},
    {"huggingface", Namespace::required, kVersion},
    {"julia", Namespace::prohibited, 0, "uuid"},
    {"luarocks", Namespace::optional, kNs | kName},
    {"maven", Namespace::required},
    {"mlflow", Namespace::prohibited},
    {"npm"},
    {"nuget", Namespace::prohibited},
    {"oci", Namespace::prohibited, kName | kVersion},
    {"opam", Namespace::prohibited},
    {"otp", Namespace::prohibited, kName | kSubpath},
    {"pub", Namespace::prohibited, kName},
    {"pypi", Namespace::prohibited, kName | kVersion},
    {"qpkg", Namespace::required, kNs},
    {"rpm", Namespace::required, kNs},
    {"swid", Namespace::optional, 0, "tag_id"},
    {"swift", Namespace::required},
    {"vcpkg", Namespace::prohibited},
    {"vscode-extension", Namespace::required, kNs | kName | kVersion},
    {"yocto", Namespace::optional, kNs},
}};

const TypeRule* rule_of(std::string_view type) {
  const auto at = std::lower_bound(kTypes.begin(), kTypes.end(), type,
                                   [](const TypeRule& r, std::string_view t) { return r.type < t; });
  return at != kTypes.end() && at->type == type ? &*at : nullptr;
}

void replace(std::string& text, char from, char to) { std::replace(text.begin(), text.end(), from, to); }

bool is_chrome_id(std::string_view name) {
  return name.size() == 32 && std::all_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'p'; });
}

// ^\d+(\.\d+){0,3}$
bool is_chrome_version(std::string_view version) {
  const auto parts = split(version, '.');
  return parts.size() <= 4 && std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
           return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
         });
}

}  // namespace

void normalize_for_type(Purl& purl) {
  if (const auto* rule = rule_of(purl.type)) {
    if (rule->lower & kNs) purl.ns = to_lower(purl.ns);
    if (rule->lower & kName) purl.name = to_lower(purl.name);
    if (rule->lower & kVersion) purl.version = to_lower(purl.version);
    if (rule->lower & kSubpath) purl.subpath = to_lower(purl.subpath);
  }
  if (purl.type == "pypi" || purl.type == "hackage") replace(purl.name, '_', '-');
  if (purl.type == "pub") {
    for (char& c : purl.name)
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) c = '_';
  }
  if (purl.type == "cpan")
    std::transform(purl.ns.begin(), purl.ns.end(), purl.ns.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  // A Databricks server ignores case, an Azure ML server does not; the tracking URI tells which.
  if (purl.type == "mlflow") {
    const auto url = purl.qualifiers.find("repository_url");
    if (url != purl.qualifiers.end() && url->second.find("databricks") != std::string::npos)
      purl.name = to_lower(purl.name);
  }
}

void read_kindly(Purl& purl) {
  // Zephyr wrote pkg:github.com/zephyrproject-rtos/... until 2024 (zephyr #82838).
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kHosts{
      {{"github.com", "github"}, {"gitlab.com", "gitlab"}, {"bitbucket.org", "bitbucket"}}};
  for (const auto& [host, type] : kHosts)
    if (purl.type == host) purl.type = type;
  if (purl.type == "npm" && purl.ns.empty() && purl.name.starts_with('@')) {
    const auto slash = purl.name.find('/');
    if (slash != std::string::npos && slash + 1 < purl.name.size()) {
      purl.ns = purl.name.substr(0, slash);
      purl.name.erase(0, slash + 1);
    }
  }
}

std::string_view broken_type_rule(const Purl& purl) {
  const auto* rule = rule_of(purl.type);
  if (!rule) return {};
  if (rule->ns == Namespace::required && purl.ns.empty()) return "this type needs a namespace";
  if (rule->ns == Namespace::prohibited && !purl.ns.empty()) return "this type has no namespace";
  if (!rule->qualifier.empty() && purl.qualifiers.find(rule->qualifier) == purl.qualifiers.end())
    return "a qualifier that this type needs is missing (julia: uuid, swid: tag_id)";
  if (purl.type == "cpan" && purl.name.find("::") != std::string::npos)
    return "the name is a distribution (URI-PackageURL), not a module (URI::PackageURL)";
  if (purl.type == "chrome-extension") {
    if (!is_chrome_id(purl.name)) return "the name is 32 letters from a to p";
    if (!purl.version.empty() && !is_chrome_version(purl.version)) return "the version is one to four numbers";
  }
  if (!purl.version.empty() && purl.qualifiers.contains("vers"))
    return "version and the vers qualifier exclude each other";
  return {};
}

}  // namespace hf::vuln
