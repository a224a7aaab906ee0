#include "ui/train/run_settings.h"

#include "ui/train/number_text.h"

#include <QStringList>

namespace tt {

namespace {

constexpr qsizetype settingsALine = 4;

QString valueText(const Parameter &parameter, const std::string &value) {
    const QString text = QString::fromStdString(value);
    if (parameter.kind == Parameter::Kind::Integer)
        return groupedText(text.toLongLong());
    return parameter.kind == Parameter::Kind::Real ? realText(text.toDouble()) : text;
}

template <class Config>
QString describe(const Config &config) {
    QStringList lines, line;
    for (const Parameter &parameter : Config::parameters()) {
        line.append(QString::fromStdString(parameter.label) + QLatin1Char(' ') +
                    valueText(parameter, config.get(parameter.key)));
        if (line.size() == settingsALine)
            lines.append(std::exchange(line, {}).join(QStringLiteral(" · ")));
    }
    if (!line.isEmpty())
        lines.append(line.join(QStringLiteral(" · ")));
    return lines.join(QLatin1Char('\n'));
}

} // namespace

QString settingsText(const RunRow &run) {
    if (run.settings.empty())
        return {};
    return run.kind == RunRow::Kind::Gpt ? describe(gptTrainingConfigFromJson(run.settings))
                                         : describe(transcoderTrainingConfigFromJson(run.settings));
}

} // namespace tt
