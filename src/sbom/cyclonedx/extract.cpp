#include "sbom/cyclonedx/extract.h"

#include "base/text.h"
#include "sbom/claims.h"
#include "sbom/cyclonedx/vex.h"

namespace hf::sbom::cyclonedx {
namespace {

using json::each_item;
using json::each_member;
using json::od::value;

constexpr std::int64_t kTop = -1;        // no parent
constexpr std::int64_t kOfSubject = -2;  // nested below metadata.component

class Extractor {
 public:
  explicit Extractor(Document& document) : doc_(document), text_(document.text) {}

  void document(value root) {
    each_member(root, [&](std::string_view key, value member) {
      if (key == "serialNumber") doc_.serial = keep(member);
      else if (key == "metadata") metadata(member);
      else if (key == "components") components(member, kTop, "#/components");
      else if (key == "dependencies") each_item(member, [&](value item) { dependency(item); });
      else if (key == "vulnerabilities")
        each_item(member, [&](value item) { doc_.vex.push_back(vex_statement(item, text_)); });
    });
    for (const auto& [child, parent] : nested_)
      doc_.edges.push_back(
          {parent == kOfSubject ? doc_.subject->ref : doc_.components[static_cast<std::size_t>(parent)].ref,
           doc_.components[child].ref,
           EdgeKind::contains,
           {}});
  }

 private:
  std::string_view keep(value member) { return text_.keep(json::text_of(member)); }

  void metadata(value object) {
    each_member(object, [&](std::string_view key, value member) {
      if (key == "timestamp") doc_.created = keep(member);
      else if (key == "component") doc_.subject = component(member, kOfSubject, "#/metadata/component");
    });
  }

  void components(value array, std::int64_t parent, const std::string& pointer) {
    std::size_t index = 0;
    each_item(array, [&](value item) {
      const auto slot = doc_.components.size();
      doc_.components.emplace_back();  // before its children, so that the list is in document order
      if (parent != kTop) nested_.emplace_back(slot, parent);
      doc_.components[slot] = component(item, static_cast<std::int64_t>(slot), pointer, index++);
    });
  }

  Component component(value object, std::int64_t self, const std::string& pointer, std::size_t index) {
    const auto own = [&] { return pointer + "/" + std::to_string(index); };
    auto read = component_fields(object, self, own);
    if (read.ref.empty()) read.ref = text_.keep(own());
    return read;
  }
  Component component(value object, std::int64_t self, const std::string& pointer) {
    auto read = component_fields(object, self, [&] { return pointer; });
    if (read.ref.empty()) read.ref = text_.keep(pointer);
    return read;
  }

  template <class Pointer>
  Component component_fields(value object, std::int64_t self, const Pointer& pointer) {
    Component c;
    std::string_view manufacturer, publisher;
    each_member(object, [&](std::string_view key, value member) {
      if (key == "type") c.type = keep(member);
      else if (key == "bom-ref") c.ref = keep(member);
      else if (key == "name") c.name = keep(member);
      else if (key == "version") c.version = keep(member);
      else if (key == "group") c.group = keep(member);
      else if (key == "purl") c.purl = keep(member);
      else if (key == "cpe") add_nonempty(c.cpes, keep(member));
      else if (key == "hashes") each_item(member, [&](value item) { hash(item, c.hashes); });
      else if (key == "licenses") each_item(member, [&](value item) { license(item, c.licenses); });
      else if (key == "externalReferences") each_item(member, [&](value item) { reference(item, c); });
      else if (key == "supplier") c.supplier = entity_name(member);
      else if (key == "manufacturer") manufacturer = entity_name(member);
      else if (key == "publisher") publisher = keep(member);
      else if (key == "properties") each_item(member, [&](value item) { property(item, c); });
      else if (key == "pedigree") pedigree(member, c);
      else if (key == "swhid" || key == "omniborId")
        each_item(member, [&](value item) { add_nonempty(c.content_ids, keep(item)); });
      else if (key == "components") components(member, self, pointer() + "/components");
    });
    if (c.supplier.empty()) c.supplier = manufacturer.empty() ? publisher : manufacturer;
    // A hardware BOM names a part by its maker and the maker's number.
    if (c.type == "device" && !c.supplier.empty()) c.vendor_parts.push_back({c.supplier, c.name});
    // West and ESP-IDF pin a module by commit and write it as the version.
    if (is_commit(c.version))
      for (auto& place : c.vcs)
        if (place.commit.empty()) place.commit = c.version;
    return c;
  }

  static void add_nonempty(std::vector<std::string_view>& list, std::string_view text) {
    if (!text.empty()) list.push_back(text);
  }

  std::string_view entity_name(value object) {
    std::string_view name;
    each_member(object, [&](std::string_view key, value member) {
      if (key == "name") name = keep(member);
    });
    return name;
  }

  void hash(value object, std::vector<Hash>& hashes) {
    std::string_view algorithm, content;
    each_member(object, [&](std::string_view key, value member) {
      if (key == "alg") algorithm = json::text_of(member);
      else if (key == "content") content = json::text_of(member);
    });
    if (!content.empty()) hashes.push_back(hash_of(algorithm, content, text_));
  }

  // LicenseChoice: {"license": {"id" | "name"}} or {"expression"}; 1.6 adds "acknowledgement".
  void license(value object, std::vector<License>& licenses) {
    License read;
    const auto acknowledgement = [&](value member) { read.concluded = json::text_of(member) == "concluded"; };
    each_member(object, [&](std::string_view key, value member) {
      if (key == "expression") read.kind = LicenseKind::expression, read.value = keep(member);
      else if (key == "acknowledgement") acknowledgement(member);
      else if (key == "license")
        each_member(member, [&](std::string_view name, value inner) {
          if (name == "id") read.kind = LicenseKind::id, read.value = keep(inner);
          else if (name == "name") read.kind = LicenseKind::name, read.value = keep(inner);
          else if (name == "acknowledgement") acknowledgement(inner);
        });
    });
    if (!read.value.empty()) licenses.push_back(read);
  }

  void reference(value object, Component& c) {
    std::string_view type, url;
    each_member(object, [&](std::string_view key, value member) {
      if (key == "type") type = json::text_of(member);
      else if (key == "url") url = json::text_of(member);
    });
    if (type == "vcs")
      if (const auto place = vcs_of(url, true, text_); !place.url.empty()) c.vcs.push_back(place);
  }

  // The registered property taxonomy (CycloneDX/cyclonedx-property-taxonomy, cdx:device): GS1 trade item numbers.
  void property(value object, Component& c) {
    std::string_view name, content;
    each_member(object, [&](std::string_view key, value member) {
      if (key == "name") name = json::text_of(member);
      else if (key == "value") content = json::text_of(member);
    });
    if (name.starts_with("cdx:device:gs1:gtin-") && !content.empty())
      c.vendor_parts.push_back({"GS1", text_.keep(content)});
  }

  void pedigree(value object, Component& c) {
    each_member(object, [&](std::string_view key, value member) {
      if (key == "patches") each_item(member, [&](value item) { patch(item, c); });
    });
  }

  void patch(value object, Component& c) {
    std::string_view type, url;
    const auto first = c.patched.size();
    each_member(object, [&](std::string_view key, value member) {
      if (key == "type") type = keep(member);
      else if (key == "diff")
        each_member(member, [&](std::string_view name, value inner) {
          if (name == "url") url = keep(inner);
        });
      else if (key == "resolves") each_item(member, [&](value item) { issue(item, c); });
    });
    for (auto i = first; i < c.patched.size(); ++i) c.patched[i].source = type, c.patched[i].patch = url;
  }

  void issue(value object, Component& c) {
    std::string_view type, id, name;
    each_member(object, [&](std::string_view key, value member) {
      if (key == "type") type = json::text_of(member);
      else if (key == "id") id = json::text_of(member);
      else if (key == "name") name = json::text_of(member);
    });
    if (id.empty()) id = name;
    if (!id.empty() && (type == "security" || id.starts_with("CVE-"))) c.patched.push_back({text_.keep(id), {}, {}});
  }

  void dependency(value object) {
    const auto first = doc_.edges.size();
    std::string_view from;
    each_member(object, [&](std::string_view key, value member) {
      if (key == "ref") from = keep(member);
      else if (key == "dependsOn")
        each_item(member, [&](value item) { doc_.edges.push_back({{}, keep(item), EdgeKind::depends_on, {}}); });
      else if (key == "provides")
        each_item(member, [&](value item) { doc_.edges.push_back({{}, keep(item), EdgeKind::other, "provides"}); });
    });
    for (auto i = first; i < doc_.edges.size(); ++i) doc_.edges[i].from = from;
  }

  Document& doc_;
  TextArena& text_;
  std::vector<std::pair<std::size_t, std::int64_t>> nested_;
};

}  // namespace

void extract(value root, Document& document) { Extractor(document).document(root); }

}  // namespace hf::sbom::cyclonedx
