// CISA Known Exploited Vulnerabilities catalogue, JSON. Every version is kept apart: a removal must stay visible.
#pragma once

#include <string>
#include <vector>

#include "vuln/feeds/json_reader.h"

namespace hf::vuln {

struct KevEntry {
  std::string id;          // CVE id
  std::string date_added;  // YYYY-MM-DD, as stated
  std::string due_date;
  std::string name;
  std::string vendor, product;
  bool ransomware = false;  // knownRansomwareCampaignUse "Known"
};

struct KevCatalog {
  std::string version;   // catalogVersion: "2025.08.25"
  std::string released;  // as stated
  std::vector<KevEntry> entries;
  std::size_t refused = 0;  // entries without a CVE id
};

[[nodiscard]] bool is_kev(JsonView root);
// HF-VULN-0003 if it is no catalogue, 0004 if `count` differs from the entries: the file is cut.
[[nodiscard]] Result<KevCatalog> read_kev(JsonView root);

}  // namespace hf::vuln
