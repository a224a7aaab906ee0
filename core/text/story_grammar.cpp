#include "core/text/story_grammar.h"

#include <cctype>
#include <stdexcept>

namespace tt {

namespace {

constexpr auto npos = std::string_view::npos;

std::string_view trimmed(std::string_view text) {
    const size_t first = text.find_first_not_of(" \t\r");
    if (first == npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// Splits at `separator` outside of {} and [].
std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    size_t begin = 0;
    int depth = 0;
    for (size_t i = 0; i < text.size(); ++i) {
        depth += text[i] == '[' || text[i] == '{' ? 1 : 0;
        depth -= text[i] == ']' || text[i] == '}' ? 1 : 0;
        if (text[i] == separator && depth == 0) {
            parts.push_back(text.substr(begin, i - begin));
            begin = i + 1;
        }
    }
    parts.push_back(text.substr(begin));
    return parts;
}

/// Takes the capital off the first letter of each part of "Hero.his" or "hero.His".
std::string lowered(std::string_view name, bool &capital) {
    std::string lower(name);
    for (size_t i = 0; i < lower.size(); ++i) {
        const auto letter = static_cast<unsigned char>(lower[i]);
        if ((i == 0 || lower[i - 1] == '.') && std::isupper(letter) != 0) {
            capital = true;
            lower[i] = static_cast<char>(std::tolower(letter));
        }
    }
    return lower;
}

StorySlot parseSlot(std::string_view text) {
    StorySlot slot;
    if (const size_t equals = text.find('='); equals != npos) {
        slot.assign = text.substr(0, equals);
        text.remove_prefix(equals + 1);
    }
    std::vector<std::string_view> parts = split(text, '!');
    slot.differs.assign(parts.begin() + 1, parts.end());
    const size_t at = parts[0].find('@');
    slot.selector = at == npos ? std::string() : std::string(parts[0].substr(at + 1));
    slot.name = lowered(parts[0].substr(0, at), slot.capital);
    return slot;
}

size_t closing(std::string_view text, size_t open) {
    const char left = text[open];
    const char right = left == '{' ? '}' : ']';
    int depth = 0;
    for (size_t i = open; i < text.size(); ++i) {
        depth += text[i] == left ? 1 : 0;
        depth -= text[i] == right ? 1 : 0;
        if (depth == 0)
            return i;
    }
    throw std::logic_error("Story grammar: a bracket does not close in: " + std::string(text));
}

StoryTemplate parseTemplate(std::string_view text) {
    StoryTemplate parts;
    while (!text.empty()) {
        const size_t open = text.find_first_of("{[");
        if (open != 0)
            parts.push_back({std::string(text.substr(0, open)), {}, {}});
        if (open == npos)
            break;
        const size_t close = closing(text, open);
        const std::string_view inside = text.substr(open + 1, close - open - 1);
        StoryPart part;
        if (text[open] == '{') {
            part.slot.push_back(parseSlot(inside));
        } else {
            for (const std::string_view option : split(inside, '|'))
                part.options.push_back(parseTemplate(option));
        }
        parts.push_back(std::move(part));
        text.remove_prefix(close + 1);
    }
    return parts;
}

} // namespace

void StoryGrammar::add(std::string_view file) {
    table_ = nullptr;
    rule_ = nullptr;
    for (const std::string_view line : split(file, '\n')) {
        if (const std::string_view content = trimmed(line); !content.empty() && content.front() != '#')
            addLine(line);
    }
}

void StoryGrammar::addLine(std::string_view line) {
    if (line.starts_with("rule ")) {
        rule_ = &rules_[std::string(trimmed(line.substr(5)))];
        table_ = nullptr;
    } else if (line.starts_with("table ")) {
        const size_t colon = line.find(':');
        table_ = &tables_[std::string(trimmed(line.substr(6, colon - 6)))];
        rule_ = nullptr;
        defaults_.clear();
        for (const std::string_view column : split(line.substr(colon + 1), '|')) {
            const size_t equals = column.find('=');
            table_->columns.emplace_back(trimmed(column.substr(0, equals)));
            defaults_.emplace_back(equals == npos ? std::string_view() : trimmed(column.substr(equals + 1)));
        }
    } else if (table_ != nullptr) {
        addRow(trimmed(line));
    } else if (rule_ != nullptr) {
        addAlternative(trimmed(line));
    } else {
        throw std::logic_error("Story grammar: a line before any rule or table: " + std::string(line));
    }
}

void StoryGrammar::addRow(std::string_view line) {
    const std::vector<std::string_view> cells = split(line, '|');
    if (cells.size() > table_->columns.size())
        throw std::logic_error("Story grammar: too many cells in: " + std::string(line));
    std::vector<StoryTemplate> row;
    for (size_t i = 0; i < table_->columns.size(); ++i)
        row.push_back(parseTemplate(i < cells.size() ? trimmed(cells[i]) : std::string_view(defaults_[i])));
    table_->rows.push_back(std::move(row));
}

void StoryGrammar::addAlternative(std::string_view line) {
    int weight = 1;
    if (line.size() > 2 && std::isdigit(static_cast<unsigned char>(line[0])) != 0 && line[1] == '*') {
        weight = line[0] - '0';
        line = trimmed(line.substr(2));
    }
    rule_->insert(rule_->end(), static_cast<size_t>(weight), parseTemplate(line));
}

const StoryTable *StoryGrammar::table(const std::string &name) const {
    const auto found = tables_.find(name);
    return found == tables_.end() ? nullptr : &found->second;
}

const std::vector<StoryTemplate> *StoryGrammar::rule(const std::string &name) const {
    const auto found = rules_.find(name);
    return found == rules_.end() ? nullptr : &found->second;
}

} // namespace tt
