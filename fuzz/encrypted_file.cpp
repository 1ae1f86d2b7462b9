// Encrypted files of any form, by whoever sent them: inspect() tells as much as its limits allow, and the same twice.
// fuzz-libs: hf_encryption
// fuzz-seeds: keys/mcuboot keys/swu
#include <cstdlib>

#include "crypto/cms_envelope.h"
#include "crypto/cose_encrypt.h"
#include "encryption/forms.h"
#include "encryption/inspect.h"
#include "support/format_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hf;
  using keys::fuzz::require;
  const ByteView bytes(data, size);
  const keys::fuzz::MemoryFile file(bytes);
  const auto source = keys::SourceFile::open(file.path());
  require(source.has_value());
  const auto seen = encryption::inspect(*source);
  if (seen) {
    require(!seen->form.empty() && (!seen->recipients.empty() || !seen->parts.empty()));
    require(seen->recipients.size() <= crypto::kCmsRecipientsMax);
    require(to_text(to_json(*seen)) == to_text(to_json(*encryption::inspect(*source))));
  }
  // Nothing that is encrypted already has a content key in the clear.
  const auto key = encryption::content_key_in(*source);
  if (key && *key) require((*key)->size() == 32 && !(seen && seen->form == "rauc"));
  static_cast<void>(crypto::cms_recipient_of(bytes));
  static_cast<void>(crypto::recipient_key_of(bytes));
  return 0;
}
