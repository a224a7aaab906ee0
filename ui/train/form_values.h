#pragma once

#include "core/error.h"
#include "ui/train/parameter_form.h"
#include "ui/values.h"

#include <QStringList>

#include <algorithm>
#include <string>
#include <vector>

namespace tt {

/// Reads the fields into `config` and adds what is wrong with them: a text that is no value once, not again by
/// validate().
template <class Config>
void readFields(const ParameterForm &fields, Config &config, std::vector<Problem> &problems) {
    for (const Parameter &parameter : Config::parameters()) {
        try {
            config.set(parameter.key, fields.text(parameter.key).toStdString());
        } catch (const Error &error) {
            problems.push_back({parameter.key, error.what()});
        }
    }
    for (const Problem &problem : config.validate())
        if (std::none_of(problems.begin(), problems.end(), [&](const Problem &p) { return p.key == problem.key; }))
            problems.push_back(problem);
}

/// The other way: shows `config` in the fields.
template <class Config>
void setFields(ParameterForm &fields, const Config &config) {
    for (const Parameter &parameter : Config::parameters())
        fields.setText(parameter.key, QString::fromStdString(config.get(parameter.key)));
}

/// What `config` has for a field; empty where it is no parameter of it.
template <class Config>
QString usualValue(const Config &config, const std::string &key) {
    const auto &all = Config::parameters();
    const bool known = std::any_of(all.begin(), all.end(), [&](const Parameter &each) { return each.key == key; });
    return known ? QString::fromStdString(config.get(key)) : QString();
}

/// " --set steps=500 …" for every field that says something else than `usual`, those in `left` left out.
template <class Config>
QString changedSettings(const ParameterForm &fields, const Config &usual, const std::vector<std::string> &left) {
    QString settings;
    for (const Parameter &parameter : Config::parameters()) {
        if (std::find(left.begin(), left.end(), parameter.key) != left.end())
            continue;
        Config changed = usual;
        try {
            changed.set(parameter.key, fields.text(parameter.key).toStdString());
        } catch (const Error &) {
            continue; // nothing a command could use; the form says so
        }
        if (const std::string value = changed.get(parameter.key); value != usual.get(parameter.key))
            settings += QStringLiteral(" --set ") + QString::fromStdString(parameter.key + "=" + value);
    }
    return settings;
}

inline QStringList corpusNames(const WorkspaceSummary &workspace) {
    QStringList names;
    for (const CorpusInfo &corpus : workspace.corpora)
        names.append(QString::fromStdString(corpus.name));
    return names;
}

} // namespace tt
