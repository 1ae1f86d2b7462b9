#include "sbom/spdx3/extract.h"

#include <unordered_map>

#include "base/text.h"
#include "sbom/claims.h"
#include "sbom/digest.h"
#include "sbom/spdx3/graph.h"
#include "sbom/spdx3/licenses.h"
#include "sbom/spdx3/vex.h"

namespace hf::sbom::spdx3 {
namespace {

enum class What { package, file, build, vulnerability, other };
struct Place {
  What what = What::other;
  std::uint32_t index = 0;
};

class Extractor {
 public:
  Extractor(Graph graph, Document& document)
      : graph_(std::move(graph)), doc_(document), text_(document.text), licenses_(graph_, text_) {}

  void run() {
    index();
    for (const auto& package : graph_.packages) doc_.components.push_back(component(package));
    for (const auto& file : graph_.files)
      doc_.files.push_back({text_.keep(file.id), text_.keep(file.name), text_.keep(file.purpose), hashes(file)});
    for (const auto& build : graph_.builds)
      doc_.builds.push_back({text_.keep(build.id), text_.keep(build.name), text_.keep(build.build_type), {}});
    for (const auto& relation : graph_.relations)
      if (!relation.type.starts_with("security_")) relate(relation);
    add_vex(graph_, doc_, [&](View id) { return ref(id); });
    describe();
  }

 private:
  void index() {
    places_.reserve(graph_.packages.size() + graph_.files.size() + graph_.builds.size() +
                    graph_.vulnerabilities.size());
    const auto add = [&](What what, const auto& list) {
      for (std::uint32_t i = 0; i < list.size(); ++i) places_.emplace(list[i].id, Place{what, i});
    };
    add(What::package, graph_.packages);
    add(What::file, graph_.files);
    add(What::build, graph_.builds);
    add(What::vulnerability, graph_.vulnerabilities);
    for (const auto& agent : graph_.agents) agents_.emplace(agent.id, agent.name);
  }

  Place place(View id) const {
    const auto at = places_.find(id);
    return at == places_.end() ? Place{} : at->second;
  }

  // The document's own copy of an identifier; an element of another document gets one here.
  View ref(View id) {
    const auto at = place(id);
    if (at.what == What::package) return doc_.components[at.index].ref;
    if (at.what == What::file) return doc_.files[at.index].ref;
    if (at.what == What::build) return doc_.builds[at.index].ref;
    const auto [kept, fresh] = others_.try_emplace(id);
    if (fresh) kept->second = text_.keep(id);
    return kept->second;
  }

  std::vector<Hash> hashes(const Artifact& artifact) {
    std::vector<Hash> list;
    list.reserve(artifact.checksums.count);
    for (const auto& checksum : Graph::in(graph_.checksums, artifact.checksums))
      list.push_back(hash_of(checksum.algorithm, checksum.value, text_));
    return list;
  }

  View agent_name(View id) {
    if (id.empty()) return {};
    const auto at = agents_.find(id);
    return at == agents_.end() ? View() : text_.keep(at->second);
  }

  Component component(const Artifact& package) {
    Component c;
    c.ref = text_.keep(package.id);
    c.name = text_.keep(package.name);
    c.version = text_.keep(package.version);
    c.type = text_.keep(package.purpose);
    c.purl = text_.keep(package.purl);
    c.supplier = agent_name(package.supplier);
    if (c.supplier.empty()) c.supplier = agent_name(package.originator);
    c.hashes = hashes(package);
    for (const auto& identifier : Graph::in(graph_.identifiers, package.identifiers)) {
      if (identifier.type == "cpe23" || identifier.type == "cpe22") c.cpes.push_back(text_.keep(identifier.value));
      else if (identifier.type == "swhid" || identifier.type == "gitoid")
        c.content_ids.push_back(text_.keep(identifier.value));
      else if (identifier.type == "packageUrl" && identifier.value != package.purl) add_purl(c, identifier.value);
    }
    for (const auto id : Graph::in(graph_.refs, package.content_ids)) c.content_ids.push_back(text_.keep(id));
    if (const auto vcs = vcs_of(package.location, false, text_); !vcs.url.empty()) c.vcs.push_back(vcs);
    for (const auto location : Graph::in(graph_.refs, package.repositories))
      if (const auto vcs = vcs_of(location, true, text_); !vcs.url.empty()) c.vcs.push_back(vcs);
    if (is_commit(c.version))
      for (auto& vcs : c.vcs)
        if (vcs.commit.empty()) vcs.commit = c.version;
    return c;
  }

  void add_purl(Component& c, View purl) {
    if (c.purl.empty()) c.purl = text_.keep(purl);
    else c.more_purls.push_back(text_.keep(purl));
  }

  void relate(const Relation& relation) {
    const auto from = place(relation.from);
    for (const auto target : Graph::in(graph_.refs, relation.to)) {
      const auto to = place(target);
      const auto kind = relation.kind;
      if (kind == "hasConcludedLicense" || kind == "hasDeclaredLicense") {
        if (from.what == What::package) license(doc_.components[from.index], target, kind == "hasConcludedLicense");
      } else if (kind == "contains" && from.what == What::package && to.what == What::file) {
        doc_.components[from.index].files.push_back(to.index);
      } else if (from.what == What::build && (kind == "hasInput" || kind == "hasOutput")) {
        build(from.index, to, target, kind == "hasOutput");
      } else {
        edge(relation, target, from, to);
      }
    }
  }

  // The concluded licence replaces nothing: both opinions are kept, the same text once.
  void license(Component& component, View id, bool concluded) {
    auto found = licenses_.find(id);
    if (!found) return;
    found->concluded = concluded;
    for (const auto& had : component.licenses)
      if (had.value == found->value && had.kind == found->kind) return;
    component.licenses.push_back(*found);
  }

  void build(std::uint32_t index, const Place& other, View target, bool output) {
    const auto build_ref = doc_.builds[index].ref;
    if (output) {
      if (other.what == What::package) doc_.components[other.index].builds.push_back(index);
      doc_.edges.push_back({ref(target), build_ref, EdgeKind::generated_from, {}});
      return;
    }
    if (other.what == What::file) doc_.builds[index].source_files.push_back(other.index);
    doc_.edges.push_back({build_ref, ref(target), EdgeKind::generated_from, {}});
  }

  // SPDX 3.0.1 Core/Vocabularies/RelationshipType. Between things that a build consists of; the rest says something
  // about the document, about people or about licences.
  void edge(const Relation& relation, View target, const Place& from, const Place& to) {
    const auto is_thing = [](const Place& p) {
      return p.what == What::package || p.what == What::file || p.what == What::build;
    };
    if (!is_thing(from) && !is_thing(to)) return;
    if (relation.kind == "describes" || to.what == What::vulnerability || from.what == What::vulnerability) return;
    const auto kind = relation.kind;
    if (kind == "contains" || kind == "hasOptionalComponent") return add(relation.from, target, EdgeKind::contains);
    if (kind == "generates") return add(target, relation.from, EdgeKind::generated_from);
    if (kind == "descendantOf") return add(relation.from, target, EdgeKind::generated_from);
    if (kind == "ancestorOf") return add(target, relation.from, EdgeKind::generated_from);
    const bool needs = kind == "dependsOn" || kind == "hasDynamicLink" || kind == "hasStaticLink" ||
                       kind == "hasPrerequisite" || kind == "hasProvidedDependency" || kind == "hasOptionalDependency";
    if (needs) {
      const bool at_run_time = relation.scope.empty() || relation.scope == "runtime" || relation.scope == "other";
      return add(relation.from, target, at_run_time ? EdgeKind::depends_on : EdgeKind::build_depends_on);
    }
    doc_.edges.push_back({ref(relation.from), ref(target), EdgeKind::other, word(kind)});
  }
  void add(View from, View to, EdgeKind kind) { doc_.edges.push_back({ref(from), ref(to), kind, {}}); }

  View word(View kind) {
    const auto [kept, fresh] = words_.try_emplace(kind);
    if (fresh) kept->second = text_.keep(kind);
    return kept->second;
  }

  // The document's root is a software_Sbom whose root is the product (SPDX 3.0.1 ElementCollection.rootElement); older
  // writers say it with a `describes` relationship.
  void describe() {
    const Collection* document = nullptr;
    for (const auto& collection : graph_.collections)
      if (collection.type == "SpdxDocument") document = &collection;
    if (!document) return;
    doc_.serial = text_.keep(document->id);
    for (const auto& creation : graph_.creations)
      if (creation.id == document->creation_info) doc_.created = text_.keep(creation.created);
    std::vector<View> roots{document->id};
    for (std::size_t i = 0; i < roots.size() && i < 64; ++i) {
      if (const auto at = place(roots[i]); at.what == What::package) {
        doc_.subject = doc_.components[at.index];
        return;
      }
      for (const auto& collection : graph_.collections)
        if (collection.id == roots[i])
          for (const auto root : Graph::in(graph_.refs, collection.roots)) roots.push_back(root);
      for (const auto& relation : graph_.relations)
        if (relation.kind == "describes" && relation.from == roots[i])
          for (const auto root : Graph::in(graph_.refs, relation.to)) roots.push_back(root);
    }
  }

  Graph graph_;
  Document& doc_;
  TextArena& text_;
  Licenses licenses_;
  std::unordered_map<View, Place, DigestHash> places_;
  std::unordered_map<View, View, DigestHash> agents_, others_, words_;
};

}  // namespace

void extract(json::od::value root, Document& document) { Extractor(read_graph(root, document.text), document).run(); }

}  // namespace hf::sbom::spdx3
