#include "app/server_identity.h"

#include <fstream>
#include <sstream>

#include "crypto/private_file.h"
#include "crypto/self_signed.h"

namespace hf::app {
namespace {

namespace fs = std::filesystem;

Result<std::string> read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorKind::not_found, "HF-APP-0002", "cannot read " + path.string());
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

constexpr int kDays = 90;

bool lasts(const fs::path& chain, Time now) {
  const auto text = read_text(chain);
  if (!text) return false;
  const auto end = crypto::end_of_certificate(*text);
  return end && *end - now > std::chrono::hours(24) * kDays / 3;
}

}  // namespace

Result<net::Tls> server_identity(const cli::Args& args, instance::Instance& instance) {
  net::Tls tls{.mode = net::TlsMode::server};
  const auto certificate = args.option("certificate"), key = args.option("private-key");
  if (certificate.has_value() != key.has_value())
    return fail(ErrorKind::invalid, "HF-CLI-0003", "--certificate and --private-key go together");
  if (certificate) {
    HF_TRY(tls.certificate_chain_pem, read_text(std::string(*certificate)));
    HF_TRY(tls.private_key_pem, read_text(std::string(*key)));
    return tls;
  }
  const auto directory = instance.data() / "tls", chain = directory / "certificate.pem", secret = directory / "key.pem";
  const auto now = instance.clock().now();
  if (!fs::exists(secret) || !lasts(chain, now)) {
    HF_TRY(const auto made,
           crypto::make_self_signed({.dns_names = crypto::local_dns_names(), .not_before = now, .days = kDays}));
    std::error_code failed;
    fs::create_directories(directory, failed);
    HF_CHECK(crypto::write_private_file(secret, bytes_of(made.private_key_pem)));
    HF_CHECK(crypto::write_private_file(chain, bytes_of(made.certificate_pem)));
  }
  HF_TRY(tls.certificate_chain_pem, read_text(chain));
  HF_TRY(tls.private_key_pem, read_text(secret));
  return tls;
}

Result<net::Tls> factory_identity(const cli::Args& args, net::Tls identity) {
  if (const auto anchors = args.option("factory-client-ca")) {
    identity.mode = net::TlsMode::mutual;
    HF_TRY(identity.client_ca_pem, read_text(std::string(*anchors)));
  }
  return identity;
}

}  // namespace hf::app
