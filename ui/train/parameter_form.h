#pragma once

#include "core/error.h"
#include "core/train/parameter.h"

#include <QStringList>
#include <QWidget>

#include <memory>
#include <string>
#include <vector>

class QComboBox;
class QGridLayout;
class QLabel;
class QPushButton;
class QScrollArea;

namespace tt {

class NumberField;

/// Fields for a table of parameters: the label above the field, below all of them a line that explains the focused one
/// or says what is wrong, and "12 more…" that opens the advanced ones in place. The fields hold texts; what they mean
/// is the configuration's business.
class ParameterForm : public QWidget {
    Q_OBJECT
public:
    /// `suffix` is added to the accessible names ("Steps, transcoder"), so that they differ from another form's.
    explicit ParameterForm(const std::vector<Parameter> &parameters, const QString &suffix = {},
                           QWidget *parent = nullptr);
    ~ParameterForm() override;

    [[nodiscard]] QString text(const std::string &key) const;
    void setText(const std::string &key, const QString &text); ///< says nothing to edited()
    /// What a Choice offers; what is chosen stays if it is still there.
    void setChoices(const std::string &key, const QStringList &choices);
    /// Marks the fields and says the first problem (the focused field's before others).
    void setProblems(const std::vector<Problem> &problems);
    /// The field's label, or the key where no field has it.
    [[nodiscard]] QString label(const std::string &key) const;
    [[nodiscard]] QWidget *editor(const std::string &key) const; ///< null where no field has it
    void setExpanded(bool expanded);
    [[nodiscard]] bool isExpanded() const { return expanded_; }
    /// Height at which no field has to scroll.
    [[nodiscard]] int wantedHeight() const;

Q_SIGNALS:
    void edited(const QString &key);
    void expandedChanged(bool expanded);

protected:
    void resizeEvent(QResizeEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    struct Field;

    void addField(const Parameter &parameter, const QString &suffix);
    void addFoot();
    void arrange(bool anew);
    [[nodiscard]] int columnsFor(int width) const;
    [[nodiscard]] std::vector<Field *> visibleFields() const;
    [[nodiscard]] Field *find(const std::string &key) const;
    void explain();

    std::vector<std::unique_ptr<Field>> fields_;
    std::vector<Problem> problems_;
    std::string focused_;
    QScrollArea *scroll_;
    QWidget *content_;
    QGridLayout *grid_;
    QLabel *warning_, *help_;
    QPushButton *more_;
    int columns_ = 0;
    bool expanded_ = false;
};

} // namespace tt
