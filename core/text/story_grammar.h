#pragma once

#include "core/random.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tt {

/// One `{…}` of a template; see StoryGrammar.
struct StorySlot {
    std::string assign;               ///< the variable that is set, or empty
    std::string name;                 ///< "hero", "hero.his" or the name of a rule or table
    std::string selector;             ///< the variable whose value chooses among rules "name.<value>", or empty
    std::vector<std::string> differs; ///< variables whose values must not be chosen again
    bool capital = false;
};

struct StoryPart;
using StoryTemplate = std::vector<StoryPart>;

/// A piece of a template: exactly one of the three is used.
struct StoryPart {
    std::string text;
    std::vector<StorySlot> slot;        ///< none or one
    std::vector<StoryTemplate> options; ///< of [a|b|c]
};

struct StoryTable {
    std::vector<std::string> columns;
    std::vector<std::vector<StoryTemplate>> rows;
};

/// The grammar of stories, in files of this notation (`#` begins a comment line):
///
///     table animal: name | plural | type=wild        columns, with their values where a row has no cell of its own
///       owl | owls
///     rule sight                                     one alternative a line, chosen with the weight before `*`
///       2* {seen=animal}{count=number}{Count} {seen.plural} flew by. [It was late.|]
///
/// `{x=table}` sets x to the first cell of a random row and x.column to the others, `{x=rule}` to the rule's text,
/// `{x=y}` copies a variable; it prints nothing. `{x}` prints a variable, where x is set, else expands the rule or
/// picks from the table of that name. A capital letter after `{` or `.` makes the first letter printed a capital.
/// `{x=table!y}` avoids y's value, `{rule@x}` expands rule.<value of x>, `[a|b]` prints one of its options.
class StoryGrammar {
public:
    /// Adds a file. Throws std::logic_error (the files are part of the program) where the notation is broken.
    void add(std::string_view file);

    [[nodiscard]] const StoryTable *table(const std::string &name) const;
    [[nodiscard]] const std::vector<StoryTemplate> *rule(const std::string &name) const;

private:
    void addLine(std::string_view line);
    void addRow(std::string_view line);
    void addAlternative(std::string_view line);

    std::map<std::string, StoryTable, std::less<>> tables_;
    std::map<std::string, std::vector<StoryTemplate>, std::less<>> rules_; ///< an alternative stands here weight times
    std::vector<std::string> defaults_;                                    ///< of the table being read
    StoryTable *table_ = nullptr;
    std::vector<StoryTemplate> *rule_ = nullptr;
};

/// Expands rules of a grammar for one story: holds its variables.
class StoryWriter {
public:
    StoryWriter(const StoryGrammar &grammar, Random &random) : grammar_(grammar), random_(random) {}
    /// The text of a rule, not yet polished. Throws std::logic_error for a name that is neither set nor in the grammar.
    std::string expandRule(const std::string &name);

private:
    std::string expand(const StoryTemplate &story);
    std::string expand(const StorySlot &slot);
    void assign(const StorySlot &slot);
    void copyVariable(const std::string &to, const std::string &from);
    [[nodiscard]] bool repeats(const std::string &value, const StorySlot &slot) const;
    std::string valueOf(const std::string &name, const StorySlot &slot);
    const StoryTemplate &choose(const std::vector<StoryTemplate> &from) { return from[random_.below(from.size())]; }
    const std::vector<StoryTemplate> &chooseRow(const StoryTable &table, const StorySlot &slot);

    const StoryGrammar &grammar_;
    Random &random_;
    std::map<std::string, std::string, std::less<>> variables_;
};

/// Capital letters at the beginning of sentences and quotes, "a" or "an", paragraphs (written ` // `), single spaces.
std::string polishStory(std::string_view text);

} // namespace tt
