#include "core/train/curves_csv.h"

#include "core/io/file.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace tt {

namespace {

void appendNumber(std::string &text, double value) {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr; // the shortest that reads back exactly
    text.append(digits, end);
}

/// In quotes where the text would be taken apart.
std::string quoted(const std::string &text) {
    if (text.find_first_of(",\"\n\r") == std::string::npos)
        return text;
    std::string result = "\"";
    for (const char c : text)
        result += c == '"' ? std::string("\"\"") : std::string(1, c);
    return result + '"';
}

/// The least step at which a column goes on.
std::optional<double> nextStep(const std::vector<CurveColumn> &columns, const std::vector<size_t> &at) {
    std::optional<double> next;
    for (size_t i = 0; i < columns.size(); ++i)
        if (at[i] < columns[i].steps.size())
            next = next ? std::min(*next, columns[i].steps[at[i]]) : columns[i].steps[at[i]];
    return next;
}

} // namespace

void writeCurvesCsv(const std::filesystem::path &file, const CurveTable &table) {
    AtomicFile out(file);
    const std::vector<CurveColumn> &columns = table.columns;
    std::string row = quoted(table.over);
    for (const CurveColumn &column : columns)
        row += ',' + quoted(column.name);
    out.write(row + '\n');
    std::vector<size_t> at(columns.size());
    while (const auto step = nextStep(columns, at)) {
        row.clear();
        appendNumber(row, *step);
        for (size_t i = 0; i < columns.size(); ++i) {
            row += ',';
            if (at[i] < columns[i].steps.size() && columns[i].steps[at[i]] == *step)
                appendNumber(row, columns[i].values[at[i]++]);
        }
        out.write(row + '\n');
    }
    out.commit();
}

} // namespace tt
