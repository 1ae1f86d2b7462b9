#include "sbom/render.h"

#include <algorithm>
#include <ostream>
#include <vector>

#include "cli/command.h"

namespace hf::sbom {
namespace {

Json text_or_null(std::string_view text) { return text.empty() ? Json(nullptr) : Json(text); }

// Members that most components do not have are left out rather than empty.
void put(JsonObject& object, std::string_view name, std::string_view text) {
  if (!text.empty()) object[name] = text;
}

JsonArray texts(const std::vector<std::string_view>& list) {
  JsonArray array;
  for (const auto text : list) array.emplace_back(text);
  return array;
}

JsonArray hashes(const std::vector<Hash>& list) {
  JsonArray array;
  for (const auto& hash : list) array.push_back(JsonObject{{"alg", hash.algorithm}, {"value", hash.value}});
  return array;
}

JsonArray files(const std::vector<std::uint32_t>& list, const Document& document) {
  JsonArray array;
  for (const auto index : list) {
    const auto& file = document.files[index];
    JsonObject object{{"ref", file.ref}, {"path", file.path}};
    put(object, "purpose", file.purpose);
    object["hashes"] = hashes(file.hashes);
    array.push_back(std::move(object));
  }
  return array;
}

template <class List, class Each>
void write_list(std::ostream& out, std::string_view name, const List& list, const Each& each) {
  out << ",\n\"" << name << "\":[";
  bool first = true;
  for (const auto& item : list) {
    out << (first ? "\n" : ",\n") << to_text(each(item));
    first = false;
  }
  out << "]";
}

// Long cells would push the rest of the row off the screen; --json has the whole text.
std::string cell(std::string_view text, std::size_t width) {
  if (text.size() <= width) return std::string(text);
  auto end = width - 3;
  while (end > 0 && (text[end] & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

std::string printable(std::string_view text) {
  std::string shown(text);
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return shown;
}

std::string identity(const Component& c) {
  if (!c.purl.empty()) return cell(c.purl, 60);
  if (!c.cpes.empty()) return cell(c.cpes.front(), 60);
  for (const auto& place : c.vcs)
    if (!place.commit.empty()) return cell(std::string(place.url) + "@" + std::string(place.commit), 60);
  if (!c.vendor_parts.empty())
    return cell(std::string(c.vendor_parts.front().vendor) + " " + std::string(c.vendor_parts.front().number), 60);
  if (!c.content_ids.empty()) return cell(c.content_ids.front(), 60);
  if (!c.hashes.empty())
    return cell(std::string(c.hashes.front().algorithm) + " " + std::string(c.hashes.front().value), 60);
  return "UNIDENTIFIED";
}

}  // namespace

Json to_json(const Component& c, const Document& document) {
  JsonObject object{
      {"ref", c.ref}, {"name", c.name}, {"version", text_or_null(c.version)}, {"purl", text_or_null(c.purl)}};
  object["cpes"] = texts(c.cpes);
  object["hashes"] = hashes(c.hashes);
  JsonArray licenses;
  for (const auto& license : c.licenses) licenses.emplace_back(license.value);
  object["licenses"] = std::move(licenses);
  put(object, "type", c.type);
  put(object, "group", c.group);
  put(object, "supplier", c.supplier);
  if (!c.more_purls.empty()) object["more_purls"] = texts(c.more_purls);
  if (!c.vcs.empty()) {
    JsonArray array;
    for (const auto& place : c.vcs)
      array.push_back(JsonObject{{"url", text_or_null(place.url)}, {"commit", text_or_null(place.commit)}});
    object["vcs"] = std::move(array);
  }
  if (!c.vendor_parts.empty()) {
    JsonArray array;
    for (const auto& part : c.vendor_parts)
      array.push_back(JsonObject{{"vendor", part.vendor}, {"number", part.number}});
    object["vendor_parts"] = std::move(array);
  }
  if (!c.content_ids.empty()) object["content_ids"] = texts(c.content_ids);
  if (!c.patched.empty()) {
    JsonArray array;
    for (const auto& claim : c.patched)
      array.push_back(JsonObject{{"vulnerability", claim.vulnerability},
                                 {"source", text_or_null(claim.source)},
                                 {"patch", text_or_null(claim.patch)}});
    object["patched"] = std::move(array);
  }
  if (!c.files.empty()) object["files"] = files(c.files, document);
  if (!c.builds.empty()) {
    JsonArray array;
    for (const auto index : c.builds) array.emplace_back(document.builds[index].ref);
    object["builds"] = std::move(array);
  }
  return object;
}

Json to_json(const Edge& edge) {
  JsonObject object{{"from", edge.from}, {"to", edge.to}, {"kind", name_of(edge.kind)}};
  put(object, "name", edge.name);
  return object;
}

Json to_json(const VexStatement& v) {
  JsonObject object{{"vulnerability", v.vulnerability}, {"status", name_of(v.status)}};
  put(object, "state", v.state);
  put(object, "justification", v.justification);
  put(object, "impact", v.impact);
  put(object, "action", v.action);
  put(object, "source", v.source);
  if (!v.aliases.empty()) object["aliases"] = texts(v.aliases);
  JsonArray products;
  for (const auto& product : v.products) {
    JsonObject item{{"ref", product.ref}};
    put(item, "version", product.version);
    put(item, "range", product.range);
    put(item, "claim", product.claim);
    products.push_back(std::move(item));
  }
  object["products"] = std::move(products);
  return object;
}

void write_json(const Document& document, std::ostream& out) {
  out << "{\"format\":\"" << name_of(document.format) << "\",\n\"spec_version\":\"" << document.spec_version << '"';
  write_list(out, "components", document.components, [&](const Component& c) { return to_json(c, document); });
  write_list(out, "dependencies", document.edges, [](const Edge& edge) { return to_json(edge); });
  write_list(out, "vex", document.vex, [](const VexStatement& statement) { return to_json(statement); });
  write_list(out, "unidentified", document.unidentified(), [](std::string_view ref) { return Json(ref); });
  out << "}\n";
}

void write_table(const Document& document, std::ostream& out) {
  out << name_of(document.format) << ' ' << document.spec_version;
  if (const auto& subject = document.subject) {
    out << " of " << printable(subject->name);
    if (!subject->version.empty()) out << ' ' << printable(subject->version);
  }
  const auto unidentified = document.unidentified();
  out << ": " << document.components.size() << " components, " << unidentified.size() << " unidentified, "
      << document.edges.size() << " dependencies, " << document.vex.size() << " VEX statements\n\n";
  std::vector<std::vector<std::string>> rows;
  for (const auto& c : document.components)
    rows.push_back({cell(c.group.empty() ? c.name : std::string(c.group) + "/" + std::string(c.name), 48),
                    cell(c.version, 24), std::string(c.type), identity(c)});
  out << cli::table(std::vector<std::string>{"NAME", "VERSION", "TYPE", "IDENTITY"}, rows);
}

}  // namespace hf::sbom
