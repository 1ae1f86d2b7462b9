#include "sbom/spdx3/graph.h"

#include <string>

namespace hf::sbom::spdx3 {
namespace {

using json::each_item;
using json::each_member;
using json::text_of;
using json::od::value;

// Every member that any class of interest has: names are unique across the classes of the fixed context, so one pass
// reads an element without knowing its type, which may come last.
struct Element {
  View type, id, name, version, purl, location, purpose, supplier, originator, source_info, creation_info, created;
  View kind, from, scope, justification, impact, notes, action, assessed, withdrawn, expression, subject, addition,
      build_type;
  Span to, roots, members, identifiers, checksums, repositories, content_ids;
};

class Reader {
 public:
  explicit Reader(TextArena& text) : text_(text) {}

  void document(value root) {
    bool has_graph = false;
    // A single element may be the document itself: its members stand beside @context.
    Element single;
    each_member(root, [&](View key, value member) {
      if (key == "@graph") {
        has_graph = true;
        each_item(member, [&](value item) { element(item, 0); });
      } else if (key != "@context") {
        this->member(key, member, single, 0);
      }
    });
    if (!has_graph) file_away(single);
  }

  Graph graph;

 private:
  static constexpr int kDepthMax = 32;  // validation already bounds the nesting of the text

  View element(value object, int depth) {
    if (depth > kDepthMax) return {};
    Element e;
    each_member(object, [&](View key, value item) { this->member(key, item, e, depth); });
    if (e.id.empty()) e.id = text_.keep("_:inline" + std::to_string(inline_++));
    file_away(e);
    return e.id;
  }

  // An element by IRI or in place.
  View ref(value item, int depth) {
    json::RawString raw;
    if (json::raw_string(item, raw)) return text_of(item);
    return element(item, depth + 1);
  }

  // Elements in place fill the same lists while we walk: the run is written after it is complete.
  Span refs(value list, int depth) {
    std::vector<View> found;
    json::RawString raw;
    if (json::raw_string(list, raw)) found.push_back(text_of(list));  // one value instead of a list of one
    else each_item(list, [&](value item) { found.push_back(ref(item, depth)); });
    return append(graph.refs, found);
  }

  template <class T>
  static Span append(std::vector<T>& list, const std::vector<T>& run) {
    const Span span{static_cast<std::uint32_t>(list.size()), static_cast<std::uint32_t>(run.size())};
    list.insert(list.end(), run.begin(), run.end());
    return span;
  }

  void member(View key, value item, Element& e, int depth) {
    if (key == "type" || key == "@type") e.type = text_of(item);
    else if (key == "spdxId" || key == "@id") e.id = text_of(item);
    else if (key == "name") e.name = text_of(item);
    else if (key == "from") e.from = ref(item, depth);
    else if (key == "to") e.to = refs(item, depth);
    else if (key == "relationshipType") e.kind = text_of(item);
    else if (key == "scope") e.scope = text_of(item);
    else if (key == "creationInfo") e.creation_info = ref(item, depth);
    else if (key == "created") e.created = text_of(item);
    else if (key == "verifiedUsing") e.checksums = checksums(item);
    else if (key == "externalIdentifier") e.identifiers = identifiers(item);
    else if (key == "externalRef") e.repositories = repositories(item);
    else if (key == "suppliedBy") e.supplier = ref(item, depth);
    else if (key == "originatedBy") originator(item, e, depth);
    else if (key == "rootElement") e.roots = refs(item, depth);
    else if (key == "element") (void)refs(item, depth);
    else if (key.starts_with("software_")) software(key.substr(9), item, e);
    else if (key.starts_with("security_")) security(key.substr(9), item, e, depth);
    else if (key == "simplelicensing_licenseExpression") e.expression = text_of(item);
    else if (key.starts_with("expandedlicensing_")) licensing(key.substr(18), item, e, depth);
    else if (key == "build_buildType") e.build_type = text_of(item);
  }

  void originator(value item, Element& e, int depth) {
    const auto span = refs(item, depth);
    if (span.count > 0) e.originator = graph.refs[span.first];
  }

  void software(View key, value item, Element& e) {
    if (key == "packageVersion") e.version = text_of(item);
    else if (key == "packageUrl") e.purl = text_of(item);
    else if (key == "downloadLocation") e.location = text_of(item);
    else if (key == "primaryPurpose") e.purpose = text_of(item);
    else if (key == "sourceInfo") e.source_info = text_of(item);
    else if (key == "contentIdentifier") e.content_ids = content_ids(item);
  }

  void security(View key, value item, Element& e, int depth) {
    if (key == "justificationType") e.justification = text_of(item);
    else if (key == "impactStatement") e.impact = text_of(item);
    else if (key == "statusNotes") e.notes = text_of(item);
    else if (key == "actionStatement") e.action = text_of(item);
    else if (key == "assessedElement") e.assessed = ref(item, depth);
    else if (key == "withdrawnTime") e.withdrawn = text_of(item);
  }

  void licensing(View key, value item, Element& e, int depth) {
    if (key == "member") e.members = refs(item, depth);
    else if (key == "subjectLicense" || key == "subjectExtendableLicense") e.subject = ref(item, depth);
    else if (key == "subjectAddition") e.addition = ref(item, depth);
  }

  // An integrity method is a Hash, a PackageVerificationCode or an unknown extension; only hashes name content.
  Span checksums(value list) {
    const auto first = graph.checksums.size();
    each_item(list, [&](value item) {
      Checksum checksum;
      View type;
      each_member(item, [&](View key, value inner) {
        if (key == "type") type = text_of(inner);
        else if (key == "algorithm") checksum.algorithm = text_of(inner);
        else if (key == "hashValue") checksum.value = text_of(inner);
      });
      if (type == "Hash" && !checksum.value.empty()) graph.checksums.push_back(checksum);
    });
    return {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(graph.checksums.size() - first)};
  }

  Span identifiers(value list) {
    const auto first = graph.identifiers.size();
    each_item(list, [&](value item) {
      Identifier identifier;
      each_member(item, [&](View key, value inner) {
        if (key == "externalIdentifierType") identifier.type = text_of(inner);
        else if (key == "identifier") identifier.value = text_of(inner);
      });
      if (!identifier.value.empty()) graph.identifiers.push_back(identifier);
    });
    return {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(graph.identifiers.size() - first)};
  }

  Span repositories(value list) {
    std::vector<View> found;
    each_item(list, [&](value item) {
      View type;
      std::vector<View> locators;
      each_member(item, [&](View key, value inner) {
        if (key == "externalRefType") type = text_of(inner);
        else if (key == "locator") each_item(inner, [&](value locator) { locators.push_back(text_of(locator)); });
      });
      if (type == "vcs") found.insert(found.end(), locators.begin(), locators.end());
    });
    return append(graph.refs, found);
  }

  Span content_ids(value list) {
    std::vector<View> found;
    each_item(list, [&](value item) {
      each_member(item, [&](View key, value inner) {
        if (key == "software_contentIdentifierValue") found.push_back(text_of(inner));
      });
    });
    return append(graph.refs, found);
  }

  void file_away(const Element& e) {
    if (e.type == "software_Package" || e.type == "ai_AIPackage" || e.type == "dataset_DatasetPackage") {
      graph.packages.push_back(artifact(e));
    } else if (e.type == "software_File") {
      graph.files.push_back(artifact(e));
    } else if (e.type.ends_with("Relationship")) {
      if (e.type.starts_with("security_Vex"))
        graph.assessments.push_back({static_cast<std::uint32_t>(graph.relations.size()), e.justification, e.impact,
                                     e.notes, e.action, e.supplier, e.assessed, e.withdrawn});
      graph.relations.push_back({e.type, e.id, e.kind, e.from, e.scope, e.to});
    } else if (e.type == "security_Vulnerability") {
      graph.vulnerabilities.push_back({e.id, e.name, e.identifiers});
    } else if (e.type == "CreationInfo") {
      graph.creations.push_back({e.id, e.created});
    } else if (e.type == "build_Build") {
      graph.builds.push_back({e.type, e.id, e.name, e.build_type});
    } else if (e.type == "SpdxDocument" || e.type == "software_Sbom" || e.type == "Bom" || e.type == "Bundle") {
      graph.collections.push_back({e.type, e.id, e.name, e.creation_info, e.roots});
    } else if (e.type.starts_with("simplelicensing_") || e.type.starts_with("expandedlicensing_")) {
      graph.licenses.push_back({e.type, e.id, e.name, e.expression, e.subject, e.addition, e.members});
    } else if (e.type == "Organization" || e.type == "Person" || e.type == "Agent" || e.type == "SoftwareAgent") {
      graph.agents.push_back({e.type, e.id, e.name, {}});
    }
  }

  static Artifact artifact(const Element& e) {
    return {e.type,     e.id,         e.name,        e.version,     e.purl,      e.location,     e.purpose,
            e.supplier, e.originator, e.source_info, e.identifiers, e.checksums, e.repositories, e.content_ids};
  }

  TextArena& text_;
  std::size_t inline_ = 0;
};

}  // namespace

Graph read_graph(value root, TextArena& text) {
  Reader reader(text);
  reader.document(root);
  return std::move(reader.graph);
}

}  // namespace hf::sbom::spdx3
