// The harness of the native tests. A test is a function that registers itself; a check that fails
// is told with its place and its values, counts against its test, and lets everything else go on.
//
//   TEST(a_ring_wraps) {
//     REQUIRE(ring.open());            // ends this test when it fails
//     CHECK_EQ(ring.used(), 0);        // goes on when it fails
//   }
//
// REQUIRE and REQUIRE_EQ return from the function they stand in, so it has to return nothing. All
// four may be used from any thread of this process, but not from a forked child: a child tells its
// outcome by its exit code.
#pragma once

#include <concepts>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>

namespace coroipc::test {

using TestFunction = void (*)();

// Adds a test to the program; the arguments live as long as the program. Called before main.
struct Registration {
  Registration(const char* file, const char* name, TestFunction function);
};

// Tells of a failed check and counts it against the test that runs.
void fail(const char* file, int line, const std::string& what);

// What std::cmp_equal takes: characters and truth values are no numbers.
template <typename T>
concept Number = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> &&
                 !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> &&
                 !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};

// Compares as values: a size may be compared with a plain literal.
template <typename A, typename B>
bool equal(const A& a, const B& b) {
  if constexpr (Number<A> && Number<B>) {
    return std::cmp_equal(a, b);
  } else {
    return a == b;
  }
}

template <typename T>
std::string shown(const T& value) {
  std::ostringstream out;
  if constexpr (std::same_as<T, bool>) {
    out << (value ? "true" : "false");
  } else if constexpr (Number<T>) {
    out << +value;
  } else if constexpr (std::is_enum_v<T>) {
    out << +static_cast<std::underlying_type_t<T>>(value);
  } else if constexpr (std::same_as<T, std::nullptr_t>) {
    out << "nullptr";
  } else if constexpr (Printable<T>) {
    out << value;
  } else {
    out << "(a value of " << sizeof(T) << " bytes)";
  }
  return out.str();
}

// The outcome of one check; tells of it when it failed.
inline bool checked(bool passed, const char* file, int line, const char* text) {
  if (!passed) fail(file, line, text);
  return passed;
}

template <typename A, typename B>
bool checked_equal(const A& a, const B& b, const char* file, int line, const char* text) {
  if (equal(a, b)) return true;
  fail(file, line, std::string(text) + ": " + shown(a) + " is not " + shown(b));
  return false;
}

}  // namespace coroipc::test

#define TEST(name)                                                                               \
  static void test_##name();                                                                     \
  static const ::coroipc::test::Registration registration_##name(__FILE__, #name, &test_##name); \
  static void test_##name()

#define CHECK(condition) \
  static_cast<void>(     \
      ::coroipc::test::checked(static_cast<bool>(condition), __FILE__, __LINE__, #condition))

#define CHECK_EQ(a, b) \
  static_cast<void>(::coroipc::test::checked_equal((a), (b), __FILE__, __LINE__, #a " == " #b))

#define REQUIRE(condition)                                                                       \
  do {                                                                                           \
    if (!::coroipc::test::checked(static_cast<bool>(condition), __FILE__, __LINE__, #condition)) \
      return;                                                                                    \
  } while (false)

#define REQUIRE_EQ(a, b)                                                                     \
  do {                                                                                       \
    if (!::coroipc::test::checked_equal((a), (b), __FILE__, __LINE__, #a " == " #b)) return; \
  } while (false)
