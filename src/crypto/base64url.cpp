#include "crypto/base64url.h"

namespace hf::crypto {

std::string to_base64url(ByteView bytes) {
  auto text = to_base64(bytes);
  while (text.ends_with('=')) text.pop_back();
  for (auto& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

std::optional<Bytes> from_base64url(std::string_view text) {
  if (text.find_first_of("+/=") != text.npos) return {};
  std::string padded(text);
  for (auto& c : padded) c = c == '-' ? '+' : c == '_' ? '/' : c;
  while (padded.size() % 4 != 0) padded += '=';
  auto bytes = from_base64(padded);
  // One text for one value: "AQ" and not "AR".
  if (bytes && to_base64url(*bytes) != text) return {};
  return bytes;
}

}  // namespace hf::crypto
