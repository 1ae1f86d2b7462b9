// A self-signed TLS certificate for the first start, until the operator brings one: ECDSA P-256, RFC 5280 profile.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

namespace hf::crypto {

struct SelfSignedSpec {
  std::string common_name = "localhost";
  std::vector<std::string> dns_names{"localhost"};
  std::vector<std::string> ip_addresses{"127.0.0.1", "::1"};
  Time not_before{};
  int days = 90;
};

struct SelfSigned {
  std::string certificate_pem;
  std::string private_key_pem;  // PKCS#8, not encrypted: the caller writes it with mode 0600
  Bytes certificate_der;
};

// SAN holds every name and address, EKU is serverAuth and clientAuth, not a CA, 128-bit random serial.
// HF-CRYPTO-0101 a name is empty, too long or not ASCII, or an address is not one; HF-CRYPTO-0102 library failure.
[[nodiscard]] Result<SelfSigned> make_self_signed(const SelfSignedSpec& spec);

// When the first certificate of a PEM text ends (notAfter). HF-CRYPTO-0103 no certificate is there.
[[nodiscard]] Result<Time> end_of_certificate(std::string_view pem);

// "localhost" and this machine's host name.
[[nodiscard]] std::vector<std::string> local_dns_names();

}  // namespace hf::crypto
