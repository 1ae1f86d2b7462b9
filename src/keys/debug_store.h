// All SQL of debug sessions.
#pragma once

#include "keys/debug_session.h"

namespace hf::keys {

[[nodiscard]] Result<std::optional<DebugClosing>> closing_of(const db::Reader& reader, std::int64_t request_id);
Result<void> insert_closing(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t request_id,
                            const DebugClosing& closing);

}  // namespace hf::keys
