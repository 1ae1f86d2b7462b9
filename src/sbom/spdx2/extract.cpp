#include "sbom/spdx2/extract.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "base/text.h"
#include "sbom/claims.h"
#include "sbom/digest.h"
#include "sbom/spdx2/relationships.h"

namespace hf::sbom::spdx2 {
namespace {

using json::each_item;
using json::each_member;
using json::text_of;
using json::od::value;
using View = std::string_view;

// NOASSERTION and NONE say that there is no value (clause 7 ff.); they are not values.
View stated(View text) { return text == "NOASSERTION" || text == "NONE" ? View() : text; }

// Clause 7.5: "Organization: name (email)", "Person: name (email)".
View agent_name(View text) {
  text = stated(trim(text));
  for (const View prefix : {View("Organization:"), View("Person:"), View("Tool:")})
    if (text.starts_with(prefix)) text = trim(text.substr(prefix.size()));
  if (const auto mail = text.rfind('('); mail != View::npos && text.ends_with(')')) text = trim(text.substr(0, mail));
  return text;
}

struct RelationText {
  View from, type, to;
};

class Extractor {
 public:
  Extractor(Document& document, Refs refs)
      : doc_(document), text_(document.text), qualified_(refs == Refs::qualified) {}

  void run(value root) {
    heads(root);
    for (const auto& [package, ids] : has_files_)
      for (const auto id : ids) contain(package, id);
    for (const auto& relation : relations_) relate(relation);
    for (const auto id : described_)
      if (!doc_.subject) subject(id);
  }

 private:
  // Names that other members refer to may stand anywhere in the object, so relationships wait for the end.
  void heads(value root) {
    std::vector<View> described;
    each_member(root, [&](View key, value member) {
      if (key == "documentNamespace") namespace_ = text_of(member);
      else if (key == "creationInfo")
        each_member(member, [&](View name, value inner) {
          if (name == "created") doc_.created = text_.keep(text_of(inner));
        });
      else if (key == "packages") each_item(member, [&](value item) { package(item); });
      else if (key == "files") each_item(member, [&](value item) { file(item); });
      else if (key == "relationships") each_item(member, [&](value item) { relation(item); });
      else if (key == "documentDescribes") each_item(member, [&](value item) { described.push_back(text_of(item)); });
      else if (key == "externalDocumentRefs") each_item(member, [&](value item) { external_document(item); });
    });
    doc_.serial = text_.keep(namespace_);
    described_.insert(described_.begin(), described.begin(), described.end());
    if (qualified_) qualify();
  }

  void qualify() {
    for (std::size_t i = first_component_; i < doc_.components.size(); ++i)
      doc_.components[i].ref = ref(doc_.components[i].ref);
    for (std::size_t i = first_file_; i < doc_.files.size(); ++i) doc_.files[i].ref = ref(doc_.files[i].ref);
    for (std::size_t i = first_vex_; i < doc_.vex.size(); ++i)
      for (auto& product : doc_.vex[i].products) product.ref = ref(product.ref);
  }

  void external_document(value object) {
    View id, iri;
    each_member(object, [&](View key, value member) {
      if (key == "externalDocumentId") id = text_of(member);
      else if (key == "spdxDocument") iri = text_of(member);
    });
    external_.emplace(id, iri);
  }

  void checksum(value object, std::vector<Hash>& hashes) {
    View algorithm, content;
    each_member(object, [&](View key, value member) {
      if (key == "algorithm") algorithm = text_of(member);
      else if (key == "checksumValue") content = text_of(member);
    });
    if (!content.empty()) hashes.push_back(hash_of(algorithm, content, text_));
  }

  void package(value object) {
    Component c;
    View supplier, originator, location, concluded, declared, source_info;
    std::vector<View> files;
    each_member(object, [&](View key, value member) {
      if (key == "SPDXID") c.ref = text_.keep(text_of(member));
      else if (key == "name") c.name = text_.keep(text_of(member));
      else if (key == "versionInfo") c.version = text_.keep(stated(text_of(member)));
      else if (key == "supplier") supplier = agent_name(text_of(member));
      else if (key == "originator") originator = agent_name(text_of(member));
      else if (key == "downloadLocation") location = stated(text_of(member));
      else if (key == "checksums") each_item(member, [&](value item) { checksum(item, c.hashes); });
      else if (key == "licenseConcluded") concluded = stated(text_of(member));
      else if (key == "licenseDeclared") declared = stated(text_of(member));
      else if (key == "externalRefs") each_item(member, [&](value item) { reference(item, c); });
      else if (key == "primaryPackagePurpose") c.type = text_.keep(to_lower(text_of(member)));
      else if (key == "sourceInfo") source_info = text_of(member);
      else if (key == "hasFiles") each_item(member, [&](value item) { files.push_back(text_of(item)); });
    });
    c.supplier = text_.keep(supplier.empty() ? originator : supplier);
    if (!concluded.empty()) c.licenses.push_back({LicenseKind::expression, text_.keep(concluded), true});
    if (!declared.empty() && declared != concluded)
      c.licenses.push_back({LicenseKind::expression, text_.keep(declared), false});
    if (const auto vcs = vcs_of(location, false, text_); !vcs.url.empty()) c.vcs.push_back(vcs);
    // Yocto 2.2 writes the CVEs that a recipe's patches fix into sourceInfo: "CVEs fixed: CVE-2023-1 CVE-2023-2".
    if (source_info.starts_with("CVEs fixed:"))
      each_cve(source_info, [&](View cve) { c.patched.push_back({text_.keep(cve), "sourceInfo", {}}); });
    const auto index = static_cast<std::uint32_t>(doc_.components.size());
    components_.emplace(c.ref, index);
    if (!files.empty()) has_files_.emplace_back(index, std::move(files));
    for (auto& statement : listed_) {
      statement.products.front().ref = c.ref;
      doc_.vex.push_back(std::move(statement));
    }
    listed_.clear();
    doc_.components.push_back(std::move(c));
  }

  // Clause 7.21. The category is written PACKAGE-MANAGER in 2.3, PACKAGE_MANAGER by many; the type may be a full IRI.
  void reference(value object, Component& c) {
    View type, locator;
    each_member(object, [&](View key, value member) {
      if (key == "referenceType") type = text_of(member);
      else if (key == "referenceLocator") locator = text_of(member);
    });
    if (const auto slash = type.rfind('/'); slash != View::npos) type = type.substr(slash + 1);
    if (locator.empty()) return;
    if (type == "purl") {
      if (c.purl.empty()) c.purl = text_.keep(locator);
      else c.more_purls.push_back(text_.keep(locator));
    } else if (type == "cpe23Type" || type == "cpe22Type") {
      c.cpes.push_back(text_.keep(locator));
    } else if (type == "swh" || type == "gitoid") {
      c.content_ids.push_back(text_.keep(locator));
    } else if (type == "advisory") {
      // An advisory on the package is no verdict about this build: listed, not assessed.
      each_cve(locator, [&](View cve) {
        VexStatement statement;
        statement.vulnerability = text_.keep(cve);
        statement.state = "advisory";
        statement.products.emplace_back();
        listed_.push_back(std::move(statement));
      });
    }
  }

  void file(value object) {
    File f;
    each_member(object, [&](View key, value member) {
      if (key == "SPDXID") f.ref = text_.keep(text_of(member));
      else if (key == "fileName") f.path = text_.keep(text_of(member));
      else if (key == "checksums") each_item(member, [&](value item) { checksum(item, f.hashes); });
      else if (key == "fileTypes")
        each_item(member, [&](value item) {
          if (f.purpose.empty()) f.purpose = text_.keep(to_lower(text_of(item)));
        });
    });
    files_.emplace(f.ref, static_cast<std::uint32_t>(doc_.files.size()));
    doc_.files.push_back(std::move(f));
  }

  void relation(value object) {
    RelationText r;
    each_member(object, [&](View key, value member) {
      if (key == "spdxElementId") r.from = text_of(member);
      else if (key == "relationshipType") r.type = text_of(member);
      else if (key == "relatedSpdxElement") r.to = text_of(member);
    });
    relations_.push_back(r);
  }

  void contain(std::uint32_t package, View id) {
    const auto at = files_.find(id);
    if (at == files_.end()) return;
    auto& files = doc_.components[package].files;
    // hasFiles and CONTAINS usually say the same twice, in the same order.
    if (contained_.emplace((std::uint64_t{package} << 32) | at->second, 0).second) files.push_back(at->second);
  }

  void relate(const RelationText& r) {
    if (stated(r.to).empty() || stated(r.from).empty()) return;
    const auto relationship = meaning_of(r.type);
    const auto from = relationship.reversed ? r.to : r.from, to = relationship.reversed ? r.from : r.to;
    if (relationship.meaning == Meaning::describes) {
      described_.push_back(to);
      return;
    }
    if (from == "SPDXRef-DOCUMENT" || to.ends_with("SPDXRef-DOCUMENT")) return;
    if (relationship.kind == EdgeKind::contains)
      if (const auto package = components_.find(from); package != components_.end() && files_.contains(to))
        return contain(package->second, to);
    const auto name = relationship.kind == EdgeKind::other ? word(r.type) : View();
    doc_.edges.push_back({ref(from), ref(to), relationship.kind, name});
  }

  void subject(View id) {
    if (const auto at = components_.find(id); at != components_.end()) doc_.subject = doc_.components[at->second];
  }

  // The document's own copy of an identifier.
  View ref(View id) {
    const auto [kept, fresh] = refs_.try_emplace(id);
    if (!fresh) return kept->second;
    if (!qualified_) {
      if (const auto c = components_.find(id); c != components_.end()) return kept->second = c->first;
      if (const auto f = files_.find(id); f != files_.end()) return kept->second = f->first;
      return kept->second = text_.keep(id);
    }
    auto base = namespace_;
    auto local = id;
    if (const auto colon = id.find(':'); colon != View::npos && id.starts_with("DocumentRef-")) {
      const auto document = external_.find(id.substr(0, colon));
      base = document == external_.end() ? id.substr(0, colon) : document->second;
      local = id.substr(colon + 1);
    }
    return kept->second = text_.join(base, "#", local);
  }

  View word(View type) {
    const auto [kept, fresh] = words_.try_emplace(type);
    if (fresh) kept->second = text_.keep(type);
    return kept->second;
  }

  Document& doc_;
  TextArena& text_;
  bool qualified_;
  std::size_t first_component_ = doc_.components.size(), first_file_ = doc_.files.size(), first_vex_ = doc_.vex.size();
  View namespace_;
  std::vector<View> described_;
  std::vector<RelationText> relations_;
  std::vector<VexStatement> listed_;
  std::vector<std::pair<std::uint32_t, std::vector<View>>> has_files_;
  std::unordered_map<View, std::uint32_t, DigestHash> components_, files_;
  std::unordered_map<std::uint64_t, char> contained_;
  std::unordered_map<View, View, DigestHash> external_, refs_, words_;
};

}  // namespace

void extract(value root, Document& document, Refs refs) { Extractor(document, refs).run(root); }

}  // namespace hf::sbom::spdx2
