#include "core/text/story_grammar.h"

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace tt {

namespace {

/// A table has at least this many more rows than a slot excludes, so that this many draws find one.
constexpr int mostDraws = 1000;

void capitalise(std::string &text) {
    const auto letter = std::find_if(text.begin(), text.end(), [](unsigned char c) { return std::isalpha(c) != 0; });
    if (letter != text.end())
        *letter = static_cast<char>(std::toupper(static_cast<unsigned char>(*letter)));
}

} // namespace

std::string StoryWriter::expandRule(const std::string &name) {
    const std::vector<StoryTemplate> *rule = grammar_.rule(name);
    if (rule == nullptr || rule->empty())
        throw std::logic_error("Story grammar: there is no " + name + ".");
    return expand(choose(*rule));
}

std::string StoryWriter::expand(const StoryTemplate &story) {
    std::string text;
    for (const StoryPart &part : story) {
        if (!part.slot.empty())
            text += expand(part.slot.front());
        else if (!part.options.empty())
            text += expand(choose(part.options));
        else
            text += part.text;
    }
    return text;
}

std::string StoryWriter::expand(const StorySlot &slot) {
    if (!slot.assign.empty()) {
        assign(slot);
        return {};
    }
    std::string name = slot.name;
    if (!slot.selector.empty())
        name += "." + valueOf(slot.selector, slot);
    std::string text = valueOf(name, slot);
    if (slot.capital)
        capitalise(text);
    return text;
}

/// A variable's value, else a rule's text, else a cell of a random row of a table.
std::string StoryWriter::valueOf(const std::string &name, const StorySlot &slot) {
    if (const auto variable = variables_.find(name); variable != variables_.end())
        return variable->second;
    if (grammar_.rule(name) != nullptr)
        return expandRule(name);
    const size_t dot = name.find('.');
    const StoryTable *table = grammar_.table(name.substr(0, dot));
    if (table == nullptr)
        throw std::logic_error("Story grammar: there is no " + name + ".");
    const std::string wanted = dot == std::string::npos ? table->columns.front() : name.substr(dot + 1);
    const auto column = std::find(table->columns.begin(), table->columns.end(), wanted);
    if (column == table->columns.end())
        throw std::logic_error("Story grammar: there is no " + name + ".");
    return expand(chooseRow(*table, slot)[static_cast<size_t>(column - table->columns.begin())]);
}

const std::vector<StoryTemplate> &StoryWriter::chooseRow(const StoryTable &table, const StorySlot &slot) {
    for (int draw = 0; draw < mostDraws; ++draw) {
        const auto &row = table.rows[random_.below(table.rows.size())];
        if (slot.differs.empty() || !repeats(expand(row.front()), slot))
            return row;
    }
    throw std::logic_error("Story grammar: nothing is left for " + slot.name + ".");
}

bool StoryWriter::repeats(const std::string &value, const StorySlot &slot) const {
    return std::any_of(slot.differs.begin(), slot.differs.end(), [&](const std::string &other) {
        const auto found = variables_.find(other);
        return found != variables_.end() && found->second == value;
    });
}

void StoryWriter::assign(const StorySlot &slot) {
    if (variables_.contains(slot.name)) {
        copyVariable(slot.assign, slot.name);
        return;
    }
    const StoryTable *table = grammar_.table(slot.name);
    if (table == nullptr) {
        variables_[slot.assign] = valueOf(slot.name, slot);
        return;
    }
    const auto &row = chooseRow(*table, slot);
    for (size_t i = 0; i < row.size(); ++i)
        variables_[slot.assign + "." + table->columns[i]] = expand(row[i]);
    variables_[slot.assign] = variables_[slot.assign + "." + table->columns.front()];
}

void StoryWriter::copyVariable(const std::string &to, const std::string &from) {
    std::map<std::string, std::string, std::less<>> copies{{to, variables_[from]}};
    const std::string prefix = from + ".";
    for (auto at = variables_.lower_bound(prefix); at != variables_.end() && at->first.starts_with(prefix); ++at)
        copies[to + at->first.substr(from.size())] = at->second;
    for (auto &[name, value] : copies)
        variables_[name] = std::move(value);
}

} // namespace tt
