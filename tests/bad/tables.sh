#!/bin/sh
# Tables that cannot be used: exit code, message and hint of each, word for word.
. "$(dirname "$0")/lib.sh.inc"

# CODE ¦ flags ¦ content (\n between lines) ¦ message ¦ hint
bad_inputs 'table.csv' <<'END'
3¦--label y¦a,b,y\n1,2,u\n3,4,NA\n¦table.csv:3:5: row 2, column `y`: the value is missing (`NA`)¦remove the row or fill in a value
3¦--label y --missing v¦a,b,y\n1,2,u\n3,4,v\n¦table.csv:3:5: row 2, column `y`: the value is missing (`v`)¦remove the row or fill in a value
3¦--label y¦a,y\n,u\nNA,v\n¦`table.csv` has no column to learn from: column `a` holds no value: left out¦
3¦--label y¦a,b,y\n1,2,\n¦table.csv:2:5: row 1, column `y`: the value is missing¦remove the row or fill in a value
3¦--label y¦a,b,y\n1,2,u\n3,red,v\n4,5,u\n¦table.csv:3:3: row 2, column `b`: `red`, expected a number¦if it stands for a missing value: --missing 'red'; if all are codes: --categories 'b'; or leave the column out: --drop 'b'
3¦--label y¦a;b;y\n1;2,5;u\n¦table.csv:2:3: row 1, column `b`: `2,5`, expected a number¦if decimals are written with a comma: --decimal-comma
3¦--label y --decimal-comma¦a;b;y\n1;2,5;u\n2;1.250;v\n¦table.csv:3:3: `1.250` has a point, expected a decimal comma (--decimal-comma)¦
3¦--label y --decimal-comma¦a;b;y\n1;2,5;u\n2;2,5,1;v\n3;4;u\n¦table.csv:3:3: row 2, column `b`: `2,5,1`, expected a number¦if it stands for a missing value: --missing '2,5,1'; if all are codes: --categories 'b'; or leave the column out: --drop 'b'
3¦--label y¦a,on,y\n1,24.12.2026,u\n¦table.csv:2:3: row 1, column `on`: `24.12.2026`, expected a number¦it is a date: leave the column out with --drop 'on', or let it order the split with --time-column 'on'
3¦--label y --time-column on¦a,on,y\n1,24.12.2026,5\n¦table.csv:2:3: row 1, column `on`: `24.12.2026`, expected a number or a date such as 2026-11-25¦only numbers can be predicted together, and order rows
3¦--label y¦a,b,y\n1,1e99,u\n¦table.csv:2:3: row 1, column `b`: `1e99`, expected a number¦if it stands for a missing value: --missing '1e99'; if all are codes: --categories 'b'; or leave the column out: --drop 'b'
3¦--label y¦a,b,y\n1,2,u\n1,2\n¦table.csv:3: row 2 has 2 cells, the header has 3 columns¦
3¦--label y¦a,a,y\n1,2,u\n¦table.csv:1:3: two columns are called `a`¦
3¦--label y¦1,2,3\n4,5,6\n¦table.csv:1: the first line holds numbers, expected column names¦put a header line before it
3¦--label y¦a,b,y\n¦`table.csv` has a header but no rows¦
3¦--label y¦y\nu\nv\n¦`table.csv` has no column beside the label `y`¦
3¦--label y --drop a¦a,y\n1,u\n2,v\n¦`table.csv` has no column beside the label `y`¦
3¦--label y¦a,y\n1,u\n2,u\n3,u\n¦`table.csv`: all 3 rows have class `u`¦a classifier needs at least two classes
3¦--label y¦a,y\n1,u\n2,v\n3,v\n4,v\n¦`table.csv`: class `u` has 1 sample, expected 2 or more¦remove or merge the class; if the labels are quantities: --task regression
3¦--label y¦a,y\n7,u\n7,v\n7,u\n7,v\n7,u\n7,v\n¦`table.csv`: every input is constant, nothing can be learned¦
3¦--label y¦a,y\n1,2.5\n2,2.5\n3,2.5\n4,2.5\n5,2.5\n6,2.5\n¦`table.csv`: target `y` is 2.5 in all 6 rows¦
3¦--label y --task regression¦a,y\n1,2.5\n2,tall\n¦table.csv:3: label `tall`, regression needs a number¦
3¦--label y --group who¦a,who,y\n1,ann,u\n2,,v\n¦table.csv:3:3: row 2, column `who`: the value is missing¦remove the row or fill in a value
3¦--label y --group who¦a,who,y\n1,ann,u\n2,bob,v\n3,ann,v\n4,bob,u\n¦rows come from 2 groups; 3 are needed, since rows of one group may not be in two parts¦
3¦--label y --time-column t¦a,t,y\n1,1,u\n2,1,v\n3,1,u\n4,1,v\n¦rows have too few different times to be trained on, validated and tested in this order¦
3¦--label y,z¦a,y,z\n1,2,3\n2,4,tall\n¦table.csv:3:5: row 2, column `z`: `tall`, expected a number¦only numbers can be predicted together, and order rows
2¦¦a,b,height\n1,2,3\n¦which column of `table.csv` is to be predicted?¦name it, for example --label height
2¦--label hight¦a,b,height\n1,2,3\n¦`table.csv` has no column `hight` (--label)¦did you mean `height`?
2¦--label y --drop bb¦a,b,y\n1,2,3\n¦`table.csv` has no column `bb` (--drop)¦its last column is `y`
2¦--label y --drop b,b¦a,b,y\n1,2,3\n¦--drop names column `b` twice¦
2¦--label y --drop y¦a,b,y\n1,2,3\n¦column `y` is to be predicted, so it cannot stand in --drop¦
2¦--label y --categories y¦a,b,y\n1,2,3\n¦--categories names column `y`, which is no input¦
2¦--label y --categories cc¦a,b,y\n1,2,3\n¦`table.csv` has no column `cc` (--categories)¦its last column is `y`
2¦--label y --group y¦a,b,y\n1,2,3\n¦column `y` is to be predicted, so it cannot stand in --group¦
2¦--label y --group zzzz¦a,b,y\n1,2,3\n¦`table.csv` has no column `zzzz` (--group)¦its last column is `y`
2¦--label y --group a --time-column b¦a,b,y\n1,2,3\n¦rows of a table are split by --group or by --time-column, not by both¦
2¦--label y,a --task classification¦a,b,y\n1,2,3\n¦--label names 2 columns, but only quantities (--task regression) and labels of 0 and 1 (--task multilabel) can be predicted together¦
2¦--label y --task regresion¦a,b,y\n1,2,3\n¦unknown task `regresion`, expected classification, regression, multilabel or anomaly¦did you mean `regression`?
END
finish
