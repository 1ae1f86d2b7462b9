#include "vuln/feeds/kev.h"

#include "vuln/feeds/cvss.h"

namespace hf::vuln {

bool is_kev(JsonView root) { return root["catalogVersion"] && root["vulnerabilities"].is_array(); }

Result<KevCatalog> read_kev(JsonView root) {
  if (!is_kev(root)) return fail(ErrorKind::invalid, "HF-VULN-0003", "the document is not a KEV catalogue");
  constexpr std::size_t kTextMax = 1024;
  const auto cut = [](std::string_view text) { return utf8_prefix(text, kTextMax); };
  KevCatalog catalog;
  catalog.version = cut(root.text("catalogVersion"));
  catalog.released = cut(root.text("dateReleased"));
  root.each("vulnerabilities", [&](JsonView item, std::size_t) {
    if (!item.text("cveID").starts_with("CVE-")) {
      ++catalog.refused;
      return;
    }
    catalog.entries.push_back({cut(item.text("cveID")), cut(item.text("dateAdded")), cut(item.text("dueDate")),
                               cut(item.text("vulnerabilityName")), cut(item.text("vendorProject")),
                               cut(item.text("product")), item.text("knownRansomwareCampaignUse") == "Known"});
  });
  const auto count = root["count"];
  if (count && count.number() != double(catalog.entries.size() + catalog.refused))
    return fail(ErrorKind::invalid, "HF-VULN-0004",
                "the KEV catalogue holds fewer entries than its own count says: it is cut off");
  return catalog;
}

}  // namespace hf::vuln
