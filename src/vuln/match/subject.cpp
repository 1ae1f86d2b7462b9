#include "vuln/match/subject.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "vuln/feeds/advisory.h"

namespace hf::vuln {
namespace {

// Purl types whose name is the upstream product's and that no feed orders as an ecosystem.
bool names_a_product(std::string_view type) {
  constexpr std::array<std::string_view, 5> kTypes{"generic", "yocto", "conan", "vcpkg", "openembedded"};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

std::string host_of(std::string_view purl_type) {
  if (purl_type == "github") return "github.com";
  if (purl_type == "bitbucket") return "bitbucket.org";
  if (purl_type == "gitlab") return "gitlab.com";
  return {};
}

std::string plain_or_empty(const Cpe& cpe, CpeAttribute attribute) {
  return cpe.is_any(attribute) || cpe.is_na(attribute) ? std::string() : cpe.plain(attribute);
}

// "8.3" with update "p1" is the upstream version 8.3p1, which Yocto writes in one piece.
std::string version_of(const Cpe& cpe) {
  const auto version = plain_or_empty(cpe, CpeAttribute::version);
  return version.empty() ? version : version + plain_or_empty(cpe, CpeAttribute::update);
}

void add_purl(std::string_view text, const ClaimTexts& texts, std::vector<Claim>& claims,
              std::vector<std::string>& refused) {
  auto purl = Purl::parse(text);
  if (!purl) {
    refused.push_back(std::string(text) + ": " + purl.error().message);
    return;
  }
  Claim claim;
  claim.kind = ClaimKind::purl;
  claim.text = std::string(text);
  claim.scheme = scheme_of_purl_type(purl->type);
  claim.version = purl->version.empty() ? std::string(texts.version) : purl->version;
  if (const auto host = host_of(purl->type); !host.empty()) {
    Claim git;
    git.kind = ClaimKind::git;
    git.text = claim.text;
    git.repo = repo_key(host + "/" + purl->ns + "/" + purl->name);
    git.version = claim.version;
    git.commit = is_commit(git.version);
    claims.push_back(std::move(git));
  }
  if (names_a_product(purl->type) && texts.cpes.empty()) {
    Claim product;
    product.kind = ClaimKind::product;
    product.text = claim.text;
    product.cpe.emplace();
    product.cpe->set(CpeAttribute::product, purl->name);
    product.version = claim.version;
    product.scheme = scheme_of_product(purl->name);
    claims.push_back(std::move(product));
  }
  claim.purl = *std::move(purl);
  claims.push_back(std::move(claim));
}

void add_cpe(std::string_view text, const ClaimTexts& texts, std::vector<Claim>& claims,
             std::vector<std::string>& refused) {
  auto cpe = Cpe::parse(text);
  if (!cpe) {
    refused.push_back(std::string(text) + ": " + cpe.error().message);
    return;
  }
  if (cpe->is_any(CpeAttribute::product) || cpe->is_na(CpeAttribute::product)) {
    refused.push_back(std::string(text) + ": names no product");
    return;
  }
  Claim claim;
  claim.kind = ClaimKind::cpe;
  claim.text = std::string(text);
  claim.version = version_of(*cpe);
  // A CPE without a version says which product it is; the version stands beside it.
  if (claim.version.empty() && cpe->is_any(CpeAttribute::version)) claim.version = std::string(texts.version);
  claim.scheme = scheme_of_product(cpe->plain(CpeAttribute::product));
  claim.cpe = *std::move(cpe);
  claims.push_back(std::move(claim));
}

}  // namespace

std::string_view name_of(ClaimKind kind) {
  switch (kind) {
    case ClaimKind::purl: return "purl";
    case ClaimKind::cpe: return "cpe";
    case ClaimKind::git: return "git";
    case ClaimKind::product: return "product";
  }
  return "";
}

std::string patch_note(const PatchClaim& patch) {
  return patch.source + (patch.patch.empty() ? "" : ": " + patch.patch);
}

bool is_commit(std::string_view text) {
  if (text.size() < 7 || text.size() > 64) return false;
  const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (!std::all_of(text.begin(), text.end(), hex)) return false;
  return text.size() == 40 || text.size() == 64 ||
         std::any_of(text.begin(), text.end(), [](char c) { return c >= 'a'; });
}

bool is_distribution(std::string_view type) {
  return type == "deb" || type == "rpm" || type == "apk" || type == "alpm";
}

Scheme scheme_of_product(std::string_view product) {
  const auto name = fold_name(product);
  if (name == "openssl") return Scheme::openssl;
  if (name == "linux_kernel" || name == "linux") return Scheme::kernel;
  return Scheme::generic;
}

std::vector<Claim> claims_of(const ClaimTexts& texts, std::vector<std::string>& refused) {
  std::vector<Claim> claims;
  for (const auto text : texts.cpes) add_cpe(text, texts, claims, refused);
  for (const auto text : texts.purls) add_purl(text, texts, claims, refused);
  for (const auto& [url, commit] : texts.repos) {
    Claim git;
    git.kind = ClaimKind::git;
    git.repo = repo_key(url);
    if (git.repo.empty()) continue;
    git.text = std::string(url) + (commit.empty() ? "" : "@" + std::string(commit));
    git.version = std::string(commit);
    git.commit = is_commit(to_lower(commit));
    if (git.version.empty()) git.version = std::string(texts.version);
    claims.push_back(std::move(git));
  }
  return claims;
}

std::vector<std::string> lookup_keys(const Subject& subject) {
  std::vector<std::string> keys;
  for (const auto& claim : subject.claims) {
    if (claim.purl) keys.push_back("purl:" + claim.purl->package_key());
    if (claim.cpe) keys.push_back("product:" + fold_name(claim.cpe->plain(CpeAttribute::product)));
    if (!claim.repo.empty()) keys.push_back("git:" + claim.repo);
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

}  // namespace hf::vuln
