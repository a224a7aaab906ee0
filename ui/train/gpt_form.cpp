#include "ui/train/gpt_form.h"

#include "ui/train/form_values.h"
#include "ui/train/number_text.h"
#include "ui/train/parameter_form.h"

#include <QComboBox>

#include <algorithm>

namespace tt {

namespace {

std::vector<Parameter> gptParameters() {
    std::vector<Parameter> all{{"corpus",
                                "Corpus",
                                "The stories the model learns from; the last 2 % only measure it.",
                                Parameter::Kind::Choice,
                                0,
                                0,
                                {},
                                false},
                               {"tokenizer",
                                "Tokenizer",
                                "How the stories are cut into tokens; it settles the vocabulary.",
                                Parameter::Kind::Choice,
                                0,
                                0,
                                {},
                                false}};
    all.insert(all.end(), GptTrainingConfig::parameters().begin(), GptTrainingConfig::parameters().end());
    return all;
}

} // namespace

GptForm::GptForm(QWidget *parent)
    : TrainForm({tr("GPT"), tr("Name"), tr("Start GPT training"), QString()}, gptParameters(), parent),
      preset_(addChoice(tr("Preset"))) {
    for (const std::string &preset : GptTrainingConfig::presets())
        preset_->addItem(QString::fromStdString(preset));
    preset_->setToolTip(tr("Preset\nFills every field below"));
    connect(preset_, &QComboBox::activated, this, &GptForm::fillFromPreset);
    connect(&fields(), &ParameterForm::edited, this, [this](const QString &key) {
        if (key == QLatin1String("tokenizer"))
            tokenizerChosen_ = true;
    });
    setMissing(tr("A GPT learns from a corpus and a tokenizer."));
    fillFromPreset();
    watchFocus();
}

void GptForm::fillFromPreset() {
    const GptTrainingConfig preset = GptTrainingConfig::fromPreset(preset_->currentText().toStdString());
    setFields(fields(), preset);
    chooseTokenizer();
    proposeName(preset_->currentText());
    check();
}

/// The newest tokenizer with the preset's vocabulary, else the newest, unless the user chose one.
void GptForm::chooseTokenizer() {
    if (tokenizerChosen_ || tokenizers_.empty())
        return;
    const int wanted = GptTrainingConfig::fromPreset(preset_->currentText().toStdString()).model.vocabSize;
    const auto fits = std::find_if(tokenizers_.begin(), tokenizers_.end(),
                                   [wanted](const auto &row) { return row.vocabSize == wanted; });
    fields().setText("tokenizer", (fits == tokenizers_.end() ? tokenizers_.front() : *fits).id);
}

void GptForm::setWorkspace(const WorkspaceSummary &workspace) {
    tokenizers_ = workspace.tokenizers;
    QStringList ids;
    for (const auto &row : tokenizers_)
        ids.append(row.id);
    fields().setChoices("corpus", corpusNames(workspace));
    fields().setChoices("tokenizer", ids);
    tokenizerChosen_ = tokenizerChosen_ && ids.contains(fields().text("tokenizer"));
    chooseTokenizer();
    if (workspace.corpora.empty() && ids.isEmpty())
        setMissing(tr("A GPT learns from a corpus and a tokenizer."));
    else if (workspace.corpora.empty())
        setMissing(tr("There is no corpus to learn from yet."));
    else
        setMissing(ids.isEmpty() ? tr("There is no tokenizer yet.") : QString());
    check();
}

GptTrainingConfig GptForm::config(std::vector<Problem> &problems) const {
    GptTrainingConfig config = GptTrainingConfig::fromPreset(preset_->currentText().toStdString());
    config.corpus = fields().text("corpus").toStdString();
    const QString id = fields().text("tokenizer");
    config.model.tokenizer = id.toStdString();
    for (const auto &row : tokenizers_)
        if (row.id == id)
            config.model.vocabSize = row.vocabSize;
    readFields(fields(), config, problems);
    return config;
}

void GptForm::setConfig(const QString &run, const GptTrainingConfig &config) {
    if (const int preset = preset_->findText(QString::fromStdString(config.preset)); preset >= 0)
        preset_->setCurrentIndex(preset);
    setFields(fields(), config);
    fields().setText("corpus", QString::fromStdString(config.corpus));
    fields().setText("tokenizer", QString::fromStdString(config.model.tokenizer));
    tokenizerChosen_ = true;
    proposeNameAfter(run);
    check();
}

void GptForm::check() {
    std::vector<Problem> problems;
    const GptTrainingConfig wanted = config(problems);
    const auto tokens = static_cast<double>(wanted.steps) * wanted.batch * wanted.model.context;
    const bool ready = showProblems(
        problems, tr("%1 parameters learn from %2 tokens")
                      .arg(amountText(static_cast<double>(wanted.model.parameters())), amountText(tokens)));
    if (ready)
        Q_EMIT estimateRequested(wanted);
}

QString GptForm::usualText(const std::string &key) const {
    return usualValue(GptTrainingConfig::fromPreset(preset_->currentText().toStdString()), key);
}

void GptForm::start() {
    std::vector<Problem> problems;
    const GptTrainingConfig wanted = config(problems);
    Q_EMIT startRequested(runName(), wanted);
}

QString GptForm::commandLine() const {
    const QString preset = preset_->currentText(), corpus = fields().text("corpus");
    QString line = QStringLiteral("tinytranscoder-cli gpt train");
    if (!corpus.isEmpty())
        line += QStringLiteral(" --corpus ") + corpus;
    line += QStringLiteral(" --preset ") + preset;
    line += changedSettings(fields(), GptTrainingConfig::fromPreset(preset.toStdString()), {});
    return line + QStringLiteral(" --run ") + runName();
}

} // namespace tt
