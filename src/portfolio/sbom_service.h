// Takes an SBOM of a build: keeps its bytes, interns its components, opens what is found on them.
#pragma once

#include "blob/store.h"
#include "ledger/transaction.h"
#include "portfolio/types.h"
#include "sbom/parse.h"

namespace hf::portfolio {

// The build's contents from now on; an earlier SBOM is replaced and stays readable as of its time.
// HF-PORTFOLIO-0001 no such build; HF-PORTFOLIO-0003 a text of a component is longer than can be kept; HF-SBOM-*: the
// document is refused and nothing is stored.
Result<Receipt> receive_sbom(db::Database& database, blob::Store& blobs, const Clock& clock, const ledger::Actor& actor,
                             std::string_view build, ByteView bytes, const sbom::Limits& limits = {});

}  // namespace hf::portfolio
