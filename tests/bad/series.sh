#!/bin/sh
# Files of the UCR and UEA archives that cannot be used: exit code, message and hint of
# each, word for word.
. "$(dirname "$0")/lib.sh.inc"

# CODE ¦ flags ¦ content (\n between lines) ¦ message ¦ hint
bad_inputs 'x.ts' <<'END'
3¦¦@problemName x\n@data\n1,2:a\n1,x:b\n¦x.ts:4:3: `x`, expected a number¦
3¦¦@problemName x\n@data\n¦`x.ts` holds no series¦
3¦¦@problemName x\n1,2:a\n1,3:b\n¦x.ts:2:1: expected a directive or @data¦
3¦¦@problemName x\n@data\n1,2\n1,3\n¦x.ts:3:1: no colon, expected values:label¦
3¦¦@problemName x\n@data\n1,2:a:b:c\n1,3:b\n¦x.ts:3:5: `a`, expected a number¦
3¦¦@problemName x\n@data\n1,2:a\n1,2:3,4:b\n¦x.ts:4:1: 2 channels, the rows before have 1¦
3¦¦@problemName x\n@data\n1,?:a\n1,2:b\n¦x.ts:3:3: `?`, expected a number: values may not be missing¦
3¦¦@problemName x\n@data\n:a\n1,2:b\n¦x.ts:3:1: no values¦
3¦¦@problemName x\n@data\n1,2:a\n3,4:a\n5,6:a\n¦`x.ts`: all 3 rows have class `a`¦a classifier needs at least two classes
3¦¦@problemName x\n@classLabel true a b\n@data\n1,2:a\n3,4:c\n5,6:b\n¦x.ts:5:5: class `c` is not among those declared¦
3¦¦@problemName x\n@univariate maybe\n@data\n1,2:a\n3,4:b\n¦`x.ts`: class `a` has 1 sample, expected 2 or more¦remove or merge the class; if the labels are quantities: --task regression
3¦¦@data\n5,5:a\n5,5:b\n5,5:a\n5,5:b\n5,5:a\n5,5:b\n5,5:a\n5,5:b\n¦`x.ts`: every input is constant, nothing can be learned¦
3¦¦@problemName x\n@data\n1,2:a\n1,2:\n¦x.ts:4:1: the label is missing¦
3¦¦@problemName x\n@data\n1e99,2:a\n1,2:b\n¦x.ts:3:1: `1e99`, expected a number¦
3¦¦@timeStamps true\n@data\n(1,2),(2,3):a\n(1,2),(2,4):b\n¦x.ts:1:13: series with time stamps, expected @timeStamps false¦
3¦--folds 4¦@problemName x\n@data\n1,2:a\n3,4:b\n¦`x.ts`: class `a` has 1 sample, expected 2 or more¦remove or merge the class; if the labels are quantities: --task regression
3¦--label y¦@problemName x\n@data\n1,2:a\n1,x:b\n¦x.ts:4:3: `x`, expected a number¦
3¦--task regression¦@problemName x\n@data\n1,2:a\n3,4:b\n5,6:a\n7,8:b\n9,1:a\n4,4:b\n¦`x.ts`: label `b`, regression needs a number¦
2¦--length 3 --window 2¦@problemName x\n@data\n1,2:a\n3,4:b\n¦--length and --window exclude each other: windows all have one length¦
END
bad_inputs 'x.arff' <<'END'
3¦¦@relation x\n@attribute a string\n¦x.arff:2:14: expected numeric, real, {classes} or relational¦
3¦¦@relation x\n@attribute a numeric\n@attribute c {u,v}\n@data\n¦`x.arff` holds no series¦
3¦¦@relation x\n@attribute a numeric\n@attribute c {u,v}\n@data\n1,w\n2,u\n¦x.arff:5:3: class `w` is not among those declared¦
3¦¦@relation x\n@attribute a numeric\n@attribute c {u,v}\n@data\n1\n2,u\n¦x.arff:5:1: too few values¦
3¦¦@relation x\n@attribute a numeric\n@attribute c {u,v}\n@data\n1,2,u\n2,u\n¦x.arff:5:5: `u`, expected a number¦
3¦¦@relation x\n@attribute a numeric\n@attribute c {u,v}\n@data\nx,u\n2,v\n¦x.arff:5:1: `x`, expected a number¦
3¦¦@relation x\n@attribute a numeric\n@attribute c {u,v}\n@data\n?,u\n2,v\n¦x.arff:5:1: `?`, expected a number: values may not be missing¦
3¦¦@relation x\n@attribute a numeric\n@attribute c {u,v\n@data\n1,u\n2,v\n¦x.arff:3:14: `}` is missing¦
3¦¦@relation x\n@attribute c {u,v}\n@data\nu\nv\n¦x.arff:4:1: no values¦
3¦¦@relation x\n@data\n1,u\n2,v\n¦x.arff:3:3: `u`, expected a number¦
3¦¦@relation x\n@attribute a date\n@attribute c {u,v}\n@data\n1,u\n2,v\n¦x.arff:2:14: expected numeric, real, {classes} or relational¦
3¦¦@relation x\n@attribute a numeric\n@attribute c {u,v}\n@data\n{0 1, 1 u}\n{0 2, 1 v}\n¦x.arff:5:1: sparse rows cannot be read¦
3¦¦@relation x\n@attribute a numeric\n@attribute c {u,v}\n@data\n1,u\n2,u\n3,u\n¦`x.arff`: all 3 rows have class `u`¦a classifier needs at least two classes
3¦¦@relation x\n@attribut a numeric\n@attribute c {u,v}\n@data\n1,u\n2,v\n¦x.arff:5:3: `u`, expected a number¦
END
finish
