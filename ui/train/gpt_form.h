#pragma once

#include "ui/train/train_form.h"

namespace tt {

/// How the next GPT is trained.
class GptForm : public TrainForm {
    Q_OBJECT
public:
    explicit GptForm(QWidget *parent = nullptr);

    /// Corpora and tokenizers; what was chosen and typed stays.
    void setWorkspace(const WorkspaceSummary &workspace);
    /// The fields as a configuration; every reason why it cannot be used goes to `problems`.
    [[nodiscard]] GptTrainingConfig config(std::vector<Problem> &problems) const;
    /// Fills the fields with another run's settings, under a name of its own.
    void setConfig(const QString &run, const GptTrainingConfig &config);
    [[nodiscard]] QString commandLine() const;

Q_SIGNALS:
    void startRequested(const QString &name, const tt::GptTrainingConfig &config);
    void estimateRequested(const tt::GptTrainingConfig &config); ///< it could start as it is

protected:
    void check() override;
    void start() override;
    [[nodiscard]] QString usualText(const std::string &key) const override;

private:
    void fillFromPreset();
    void chooseTokenizer();

    std::vector<WorkspaceSummary::TokenizerRow> tokenizers_;
    QComboBox *preset_;
    bool tokenizerChosen_ = false; ///< by the user
};

} // namespace tt
