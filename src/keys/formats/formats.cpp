#include "keys/formats/formats.h"

#include <algorithm>
#include <array>

#include "keys/formats/all.h"
#include "keys/formats/file.h"

namespace hf::keys {

std::span<const Format* const> formats() {
  static const std::array all{&mcuboot_format(),
                              &swu_format(),
                              &esp32_format(),
                              &mender_format(),
                              &rauc_format(),
                              &fit_format(),
                              &suit_format(),
                              &cms_format(),
                              &factory_format(),
                              &ceremony_format(),
                              &ca_request_format(),
                              &dsse_format(),
                              &minisign_format(),
                              &x509_format(),
                              &ocsp_format(),
                              &rfc3161_format(),
                              &adac_certificate_format(),
                              &adac_token_format(),
                              &nxp_dat_format(),
                              &esp_sdc_format(),
                              &raw_format()};
  return all;
}

const Format* find_format(std::string_view name) {
  const auto all = formats();
  const auto found = std::ranges::find(all, name, [](const Format* format) { return format->name(); });
  return found == all.end() ? nullptr : *found;
}

std::string format_names() {
  std::string names;
  for (const auto* format : formats()) names += (names.empty() ? "" : ", ") + std::string(format->name());
  return names;
}

Result<const Format*> recognize_format(const std::filesystem::path& file) {
  constexpr std::size_t kHead = 4096;
  HF_TRY(const auto source, SourceFile::open(file));
  HF_TRY(const auto head, source.read(0, std::size_t(std::min<std::uint64_t>(source.size(), kHead))));
  for (const auto* format : formats())
    if (format->recognizes(head)) return format;
  return fail(ErrorKind::invalid, "HF-FORMAT-0010", "the file looks like no container that is known; name its format");
}

}  // namespace hf::keys
