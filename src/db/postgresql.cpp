// libpq with binary parameters and results; many statements go through pipeline mode (8.5 times the row-by-row rate).
#include <libpq-fe.h>

#include <bit>
#include <cstring>
#include <unordered_map>

#include "db/driver.h"

namespace hf::db {
namespace {

// Type ids of pg_type.dat; fixed since PostgreSQL 7.
constexpr Oid kBytea = 17, kName = 19, kInt8 = 20, kInt2 = 21, kInt4 = 23, kText = 25, kVarchar = 1043, kVoid = 2278;

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, Clear>;

template <class T>
T big_endian(T value) {
  if constexpr (std::endian::native == std::endian::big) return value;
  if constexpr (sizeof(T) == 8) return T(__builtin_bswap64(std::uint64_t(value)));
  if constexpr (sizeof(T) == 4) return T(__builtin_bswap32(std::uint32_t(value)));
  if constexpr (sizeof(T) == 2) return T(__builtin_bswap16(std::uint16_t(value)));
}

template <class T>
std::int64_t read_integer(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return big_endian(value);
}

auto error_of(PGconn* connection, const PGresult* result, std::string_view what) {
  const char* field = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
  const std::string_view state = field ? field : "";
  const char* text = result ? PQresultErrorMessage(result) : nullptr;
  std::string detail = std::string(what) + ": " + (text && *text ? text : PQerrorMessage(connection));
  if (state == "23505") return fail(ErrorKind::conflict, "HF-DB-0002", "this already exists", std::move(detail));
  if (state == "23503")
    return fail(ErrorKind::conflict, "HF-DB-0003", "this refers to something that does not exist", std::move(detail));
  if (state.starts_with("23") || state == "P0001")
    return fail(ErrorKind::invalid, "HF-DB-0004", "a rule of the database schema refuses this", std::move(detail));
  if (state.starts_with("53") || state.starts_with("58") || state.starts_with("XX"))
    return fail(ErrorKind::unavailable, "HF-DB-0005", "the database storage is full or failing; nothing was changed",
                std::move(detail));
  if (state.empty() || state.starts_with("08") || state.starts_with("57") || state.starts_with("40") ||
      state == "55P03")
    return fail(ErrorKind::unavailable, "HF-DB-0006", "the database cannot be reached now; try again",
                std::move(detail));
  return fail(ErrorKind::internal, "HF-DB-0001", "the database refused a statement", std::move(detail));
}

// Parameters in libpq's shape; integers need a home for their swapped bytes.
struct Bound {
  std::vector<std::int64_t> integers;
  std::vector<Oid> types;
  std::vector<const char*> values;
  std::vector<int> lengths, formats;

  explicit Bound(std::span<const Value> parameters)
      : integers(parameters.size()), lengths(parameters.size()), formats(parameters.size(), 1) {
    types.reserve(parameters.size());
    values.reserve(parameters.size());
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (const auto* integer = std::get_if<std::int64_t>(&parameters[i])) {
        integers[i] = big_endian(*integer);
        add(kInt8, reinterpret_cast<const char*>(&integers[i]), 8, i);
      } else if (const auto* text = std::get_if<std::string_view>(&parameters[i])) {
        add(kText, text->data() ? text->data() : "", text->size(), i);
      } else if (const auto* blob = std::get_if<ByteView>(&parameters[i])) {
        add(kBytea, blob->data() ? reinterpret_cast<const char*>(blob->data()) : "", blob->size(), i);
      } else {
        add(0, nullptr, 0, i);
      }
    }
  }
  void add(Oid type, const char* value, std::size_t length, std::size_t i) {
    types.push_back(type);
    values.push_back(value);
    lengths[i] = int(length);
  }
};

class Postgresql final : public Driver {
 public:
  explicit Postgresql(PGconn* connection) : connection_(connection) {}
  ~Postgresql() override { PQfinish(connection_); }

  Engine engine() const override { return Engine::postgresql; }
  bool alive() const override { return !gone_ && PQstatus(connection_) == CONNECTION_OK; }

  Result<void> script(std::string_view sql) override {
    const ResultPtr result(PQexec(connection_, std::string(sql).c_str()));
    return checked(result.get(), sql.substr(0, 200));
  }

  Result<std::int64_t> run(const Query& query, std::span<const Value> parameters, const RowSink& sink) override {
    const Bound bound(parameters);
    HF_TRY(const auto name, prepared(query, bound));
    const ResultPtr result(PQexecPrepared(connection_, name.c_str(), int(parameters.size()), bound.values.data(),
                                          bound.lengths.data(), bound.formats.data(), 1));
    HF_CHECK(checked(result.get(), query.name()));
    const int rows = PQntuples(result.get()), columns = PQnfields(result.get());
    std::vector<Value> cells(static_cast<std::size_t>(columns));
    for (int r = 0; r < rows; ++r) {
      for (int c = 0; c < columns; ++c) {
        HF_TRY(cells[static_cast<std::size_t>(c)], cell(result.get(), r, c, query));
      }
      if (sink && !sink(Row(cells))) break;
    }
    const char* changed = PQcmdTuples(result.get());
    const bool is_select = std::string_view(PQcmdStatus(result.get())).starts_with("SELECT");
    return is_select ? 0 : std::strtoll(changed, nullptr, 10);
  }

  Result<std::int64_t> run_many(const Query& query, std::span<const Value> parameters, std::size_t width) override {
    // Small enough that the answers of a chunk fit the socket buffers: neither side can then wait for the other.
    constexpr std::size_t kChunk = 400;
    const auto count = width == 0 ? 0 : parameters.size() / width;
    std::int64_t changed = 0;
    for (std::size_t first = 0; first < count; first += kChunk) {
      const auto last = std::min(count, first + kChunk);
      std::vector<Bound> chunk;
      std::vector<std::string> names;
      for (auto i = first; i < last; ++i) {
        chunk.emplace_back(parameters.subspan(i * width, width));
        HF_TRY(auto name, prepared(query, chunk.back()));
        names.push_back(std::move(name));
      }
      HF_TRY(const auto more, pipeline(query, chunk, names));
      changed += more;
    }
    return changed;
  }

  Result<std::vector<std::string>> plan(const Query& query) override {
    // Tables without statistics: what is asked is whether a look-up an outer row is possible, not what would be
    // cheapest.
    HF_CHECK(script(
        "SET plan_cache_mode = force_generic_plan; SET max_parallel_workers_per_gather = 0; SET enable_seqscan = off;"
        "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off; SET enable_memoize = off"));
    const ResultPtr prepare(PQprepare(connection_, "hf_plan", std::string(query.sql()).c_str(), 0, nullptr));
    HF_CHECK(checked(prepare.get(), query.name()));
    const ResultPtr described(PQdescribePrepared(connection_, "hf_plan"));
    std::string sql = "EXPLAIN (COSTS OFF) EXECUTE hf_plan";
    for (int i = 0; i < PQnparams(described.get()); ++i) sql += std::string(i == 0 ? "(" : ", ") + "NULL";
    if (PQnparams(described.get()) > 0) sql += ")";
    const ResultPtr result(PQexec(connection_, sql.c_str()));
    HF_CHECK(checked(result.get(), query.name()));
    std::vector<std::string> lines;
    for (int r = 0; r < PQntuples(result.get()); ++r) lines.emplace_back(PQgetvalue(result.get(), r, 0));
    HF_CHECK(script("DEALLOCATE hf_plan; RESET ALL"));
    return lines;
  }

 private:
  Result<void> checked(const PGresult* result, std::string_view what) {
    const auto status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
      return failed(result, what);
    return {};
  }

  // A statement is prepared once for each combination of parameter types; NULL leaves the type to the server.
  Result<std::string> prepared(const Query& query, const Bound& bound) {
    std::string key(query.name());
    for (const auto type : bound.types) key += "." + std::to_string(type);
    if (const auto found = names_.find(key); found != names_.end()) return found->second;
    auto name = "hf_" + std::to_string(names_.size());
    const ResultPtr result(PQprepare(connection_, name.c_str(), std::string(query.sql()).c_str(),
                                     int(bound.types.size()), bound.types.data()));
    HF_CHECK(checked(result.get(), query.name()));
    return names_[key] = name;
  }

  Result<std::int64_t> pipeline(const Query& query, const std::vector<Bound>& chunk,
                                const std::vector<std::string>& names) {
    if (PQenterPipelineMode(connection_) != 1) return failed(nullptr, query.name());
    Result<std::int64_t> outcome = 0;
    bool sent = true;
    for (std::size_t i = 0; sent && i < chunk.size(); ++i)
      sent = PQsendQueryPrepared(connection_, names[i].c_str(), int(chunk[i].values.size()), chunk[i].values.data(),
                                 chunk[i].lengths.data(), chunk[i].formats.data(), 1) == 1;
    sent = sent && PQpipelineSync(connection_) == 1;
    if (!sent) outcome = failed(nullptr, query.name());
    for (bool synced = !sent; !synced;) {
      const ResultPtr result(PQgetResult(connection_));
      if (!result) {  // a statement's end, or a lost connection
        if (!alive()) break;
        continue;
      }
      const auto status = PQresultStatus(result.get());
      synced = status == PGRES_PIPELINE_SYNC;
      if (outcome && status == PGRES_COMMAND_OK) *outcome += std::strtoll(PQcmdTuples(result.get()), nullptr, 10);
      if (outcome && (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE))
        outcome = failed(result.get(), query.name());
    }
    PQexitPipelineMode(connection_);
    if (outcome && !alive()) outcome = failed(nullptr, query.name());
    return outcome;
  }

  Result<Value> cell(const PGresult* result, int row, int column, const Query& query) {
    if (PQgetisnull(result, row, column)) return Value(std::monostate{});
    const char* bytes = PQgetvalue(result, row, column);
    const auto size = static_cast<std::size_t>(PQgetlength(result, row, column));
    switch (PQftype(result, column)) {
      case kInt8: return Value(read_integer<std::int64_t>(bytes));
      case kInt4: return Value(read_integer<std::int32_t>(bytes));
      case kInt2: return Value(read_integer<std::int16_t>(bytes));
      case kText:
      case kName:
      case kVarchar: return Value(std::string_view(bytes, size));
      case kBytea: return Value(ByteView(reinterpret_cast<const std::uint8_t*>(bytes), size));
      case kVoid: return Value(std::monostate{});
      default:
        return fail(ErrorKind::internal, "HF-DB-0001", "the database refused a statement",
                    std::string(query.name()) + " column " + std::to_string(column) +
                        " has a type that is not portable; CAST it AS BIGINT");
    }
  }

  // A server that stops says so in an answer (class 57P), and libpq may call a connection good that it has just found
  // closed: then the answer is its own, without an SQLSTATE.
  tl::unexpected<Error> failed(const PGresult* result, std::string_view what) {
    const char* state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
    if (!state || std::string_view(state).starts_with("57P") || std::string_view(state).starts_with("08")) gone_ = true;
    return error_of(connection_, result, what);
  }

  PGconn* connection_;
  bool gone_ = false;
  std::unordered_map<std::string, std::string> names_;
};

}  // namespace

Result<std::unique_ptr<Driver>> open_postgresql(const std::string& conninfo, Access access) {
  auto* connection = PQconnectdb(conninfo.c_str());
  if (PQstatus(connection) != CONNECTION_OK) {
    auto error = error_of(connection, nullptr, "connect");
    PQfinish(connection);
    return error;
  }
  PQsetNoticeProcessor(
      connection, [](void*, const char*) {}, nullptr);
  auto driver = std::make_unique<Postgresql>(connection);
  if (access == Access::read) HF_CHECK(driver->script("SET default_transaction_read_only = on"));
  return driver;
}

}  // namespace hf::db
