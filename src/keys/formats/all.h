// One instance of each container, for the table.
#pragma once

#include "keys/formats/format.h"

namespace hf::keys {

[[nodiscard]] const Format& raw_format();
[[nodiscard]] const Format& suit_format();
[[nodiscard]] const Format& fit_format();
[[nodiscard]] const Format& rauc_format();
[[nodiscard]] const Format& mender_format();
[[nodiscard]] const Format& esp32_format();
[[nodiscard]] const Format& minisign_format();
[[nodiscard]] const Format& dsse_format();
[[nodiscard]] const Format& factory_format();
[[nodiscard]] const Format& ceremony_format();
[[nodiscard]] const Format& ca_request_format();
[[nodiscard]] const Format& cms_format();
[[nodiscard]] const Format& swu_format();
[[nodiscard]] const Format& mcuboot_format();
[[nodiscard]] const Format& x509_format();
[[nodiscard]] const Format& ocsp_format();
[[nodiscard]] const Format& rfc3161_format();
[[nodiscard]] const Format& adac_certificate_format();
[[nodiscard]] const Format& adac_token_format();
[[nodiscard]] const Format& nxp_dat_format();
[[nodiscard]] const Format& esp_sdc_format();

}  // namespace hf::keys
